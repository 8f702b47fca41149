import { ownValue } from '../event/own-value.ts'
import { limits } from '../limits.ts'
import type { ReportFault } from './kind-declaration.ts'
import { kinds, type ProjectionSpec } from './projection-spec.ts'
import { compileKeyTemplate } from './template.ts'

/** Checks the value of a whole file of projections; reports every fault, and is only to be used when there was none. */
export function readSpecs(file: unknown, report: ReportFault): readonly ProjectionSpec[] {
  if (!isMap(file)) {
    report([], 'a map with the list `projections` is expected')
    return []
  }
  for (const name of Object.keys(file)) {
    if (name !== 'projections') report([name], 'there is no such field here; there is `projections`')
  }
  const { projections } = file
  if (!Array.isArray(projections)) {
    report(['projections'], 'a list of projections is expected')
    return []
  }
  if (projections.length > limits.projectionsMax) {
    report(['projections'], `at most ${limits.projectionsMax} projections are allowed`)
    return []
  }
  const specs = projections.map((declared: unknown, at) => {
    return readSpec(declared, (path, message) => report(['projections', at, ...path], message))
  })
  checkTogether(specs, (at, field, message) => report(['projections', at, field], message))
  return withAlertsBucket(specs.filter((spec) => spec !== undefined))
}

/** The fields that each kind knows, for the JSON schema to be held against. */
export function fieldsOf(kind: ProjectionSpec['kind']): readonly string[] {
  return kinds[kind].fields
}

function readSpec(declared: unknown, report: ReportFault): ProjectionSpec | undefined {
  const kind = isMap(declared) && typeof declared.kind === 'string' ? ownValue(kinds, declared.kind) : undefined
  if (isMap(declared) && kind !== undefined) return kind.read(declared, report)
  const names = Object.keys(kinds)
  report(
    isMap(declared) && 'kind' in declared ? ['kind'] : [],
    `a projection needs \`kind\`: ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`,
  )
  return undefined
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @param specs undefined where one has faults of its own */
function checkTogether(
  specs: readonly (ProjectionSpec | undefined)[],
  fault: (at: number, field: string, message: string) => void,
): void {
  for (const [at, spec] of specs.entries()) {
    if (spec === undefined) continue
    const before = specs.slice(0, at).filter((other) => other !== undefined)
    if (spec.kind === 'history' && before.some(({ kind }) => kind === 'history')) {
      fault(at, 'kind', 'there is one history: give it all the filters in `from`')
    }
    if (before.some(({ name }) => name === spec.name)) fault(at, 'name', `there is another projection "${spec.name}"`)
    if (!('bucket' in spec)) continue
    for (const other of before) {
      if (!('bucket' in other) || other.bucket !== spec.bucket) continue
      if (other.kind !== spec.kind)
        fault(at, 'bucket', `${other.name} fills this bucket by another kind, ${other.kind}`)
      if (other.ttlMs !== spec.ttlMs) fault(at, 'ttl', `${other.name} fills the same bucket with another TTL`)
      if (other.quotaBytes !== spec.quotaBytes) fault(at, 'quota', `${other.name} gives the same bucket another quota`)
    }
  }
}

function withAlertsBucket(specs: readonly ProjectionSpec[]): readonly ProjectionSpec[] {
  if (specs.some((spec) => 'bucket' in spec && spec.bucket === 'alerts')) return specs
  const key = compileKeyTemplate('{subject}')
  const ttlMs = limits.alertsTtlMs
  const quotaBytes = limits.alertsQuotaBytes
  const common = { name: 'alerts', from: ['alerts.>'], key, bucket: 'alerts', ttlMs, quotaBytes }
  return [...specs, { kind: 'latest', ...common, order: 'stored' }]
}
