import type { ReportFault } from '@weir/mesh/files'
import { ownValue } from '../../event/own-value.ts'
import { limits } from '../../limits.ts'
import { compileKeyTemplate } from '../../template/template.ts'
import type { KindDeclaration, ReadDeclaration } from '../kind-declaration.ts'
import { kinds, type ProjectionSpec } from '../projection-spec.ts'
import { type InhibitionSpec, inhibitionDeclaration } from './inhibition-spec.ts'
import { type MaintenanceSpec, maintenanceDeclaration } from './maintenance-spec.ts'

/** What a file declares, checked and with its defaults filled in. */
export interface Declarations {
  readonly projections: readonly ProjectionSpec[]
  readonly maintenance: readonly MaintenanceSpec[]
  readonly inhibitions: readonly InhibitionSpec[]
  /** What was declared of each projection by its name, so that a change is seen. */
  readonly texts: ReadonlyMap<string, string>
}

/**
 * Checks the value of a whole file of projections; reports every fault, and is only to be used when
 * there was none.
 */
export function readDeclarations(file: unknown, report: ReportFault): Declarations {
  if (!isMap(file)) {
    report([], 'a map with the list `projections` is expected')
    return { projections: [], maintenance: [], inhibitions: [], texts: new Map() }
  }
  for (const name of Object.keys(file)) {
    if (!lists.includes(name)) report([name], `there is no such field here; there are ${lists.join(', ')}`)
  }
  const maintenance = readList(file.maintenance, 'maintenance', maintenanceDeclaration, report)
  for (const [at, { name }] of maintenance.entries()) {
    if (maintenance.findIndex((other) => other.name === name) < at) {
      report(['maintenance', at, 'name'], `there is another maintenance "${name}"`)
    }
  }
  return {
    projections: readSpecs(file.projections, report),
    maintenance,
    inhibitions: readList(file.inhibitions, 'inhibitions', inhibitionDeclaration, report),
    texts: textsOf(file.projections),
  }
}

function textsOf(projections: unknown): ReadonlyMap<string, string> {
  const declared: readonly unknown[] = Array.isArray(projections) ? projections : []
  return new Map(declared.filter(isMap).map((one) => [String(one.name), JSON.stringify(one)]))
}

const lists: readonly string[] = ['projections', 'maintenance', 'inhibitions']

/** What is read of a list that may be absent. */
function readList<Spec>(
  list: unknown,
  name: string,
  declaration: KindDeclaration<Spec>,
  report: ReportFault,
): readonly Spec[] {
  if (list === undefined) return []
  if (!Array.isArray(list) || list.length > limits.projectionsMax) {
    report([name], `a list of at most ${limits.projectionsMax} is expected`)
    return []
  }
  return list.flatMap((declared: unknown, at) => {
    const fault: ReportFault = (path, message) => report([name, at, ...path], message)
    if (!isMap(declared)) {
      fault([], `a map of ${declaration.fields.join(', ')} is expected`)
      return []
    }
    return declaration.read(declared, fault).spec ?? []
  })
}

function readSpecs(projections: unknown, report: ReportFault): readonly ProjectionSpec[] {
  if (!Array.isArray(projections)) {
    report(['projections'], 'a list of projections is expected')
    return []
  }
  if (projections.length > limits.projectionsMax) {
    report(['projections'], `at most ${limits.projectionsMax} projections are allowed`)
    return []
  }
  const reads = projections.map((declared: unknown, at) => {
    return readSpec(declared, (path, message) => report(['projections', at, ...path], message))
  })
  checkTogether(reads, (at, field, message) => report(['projections', at, field], message))
  return withOwnBuckets(reads.map((read) => read?.spec).filter((spec) => spec !== undefined))
}

/** The fields that each kind knows, for the JSON schema to be held against. */
export function fieldsOf(kind: ProjectionSpec['kind']): readonly string[] {
  return kinds[kind].fields
}

interface Read extends ReadDeclaration<ProjectionSpec> {
  readonly kind: string
}

/** Undefined without a kind. */
function readSpec(declared: unknown, report: ReportFault): Read | undefined {
  if (isMap(declared) && typeof declared.kind === 'string') {
    const kind = ownValue(kinds, declared.kind)
    if (kind !== undefined) return { kind: declared.kind, ...kind.read(declared, report) }
  }
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

/** Compares what has no fault of its own. */
function checkTogether(
  reads: readonly (Read | undefined)[],
  fault: (at: number, field: string, message: string) => void,
): void {
  for (const [at, read] of reads.entries()) {
    if (read === undefined) continue
    const before = reads.slice(0, at).filter((other) => other !== undefined)
    if (read.kind === 'history' && before.some(({ kind }) => kind === 'history')) {
      fault(at, 'kind', 'there is one history: give it all the filters in `from`')
    }
    const { name } = read.valid
    if (name !== undefined && before.some(({ valid }) => valid.name === name)) {
      fault(at, 'name', `there is another projection "${name}"`)
    }
    const bucket = bucketOf(read)
    for (const other of before) {
      if (bucket === undefined || bucketOf(other) !== bucket) continue
      const { name: filler } = other.valid
      if (other.kind !== read.kind) {
        fault(at, 'bucket', `${filler} fills this bucket by another kind, ${other.kind}`)
      }
      if (differ(read, other, 'ttl')) fault(at, 'ttl', `${filler} fills the same bucket with another TTL`)
      if (differ(read, other, 'quota')) fault(at, 'quota', `${filler} gives the same bucket another quota`)
    }
  }
}

/** Undefined where it fills none, or it cannot be said which. */
function bucketOf({ valid }: Read): unknown {
  return 'bucket' in valid ? (valid.bucket ?? valid.name) : undefined
}

function differ(one: Read, other: Read, field: string): boolean {
  const [left, right] = [one.valid[field], other.valid[field]]
  return left !== undefined && right !== undefined && left !== right
}

/** What every mesh has, unless the file fills these buckets itself. */
function withOwnBuckets(specs: readonly ProjectionSpec[]): readonly ProjectionSpec[] {
  const key = compileKeyTemplate('{subject}')
  const own = [
    { name: 'alerts', ttlMs: limits.alertsTtlMs, quotaBytes: limits.alertsQuotaBytes },
    { name: 'silences', ttlMs: limits.silencesTtlMs, quotaBytes: limits.silencesQuotaBytes },
  ]
    .filter(({ name }) => !specs.some((spec) => 'bucket' in spec && spec.bucket === name))
    .map(({ name, ttlMs, quotaBytes }): ProjectionSpec => {
      const common = { name, from: [`${name}.>`], key, bucket: name, ttlMs, quotaBytes }
      return { kind: 'latest', ...common, order: 'stored' }
    })
  return [...specs, ...own]
}
