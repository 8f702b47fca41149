import { bytes } from '@weir/mesh'
import { canonicalFilters, isFilter, subjectFault, WeirError } from '@weir/proto'
import * as v from 'valibot'
import { compileCondition } from '../fold/condition.ts'
import { limits } from '../limits.ts'
import { parseDuration } from './duration.ts'
import type { ProjectionSpec } from './projection-spec.ts'
import { compileKeyTemplate, compileMessageTemplate } from './template.ts'

/** Where in the file a fault is: the keys from the root to it. */
export type FaultPath = readonly (string | number)[]
export type ReportFault = (path: FaultPath, message: string) => void

/** Checks the value of a whole file of projections; reports every fault, and is only to be used when there was none. */
export function readSpecs(file: unknown, report: ReportFault): readonly ProjectionSpec[] {
  const parsed = v.safeParse(fileSchema, file)
  if (!parsed.success) {
    for (const issue of parsed.issues) report(issuePath(issue), issueMessage(issue))
    return []
  }
  const specs: ProjectionSpec[] = []
  for (const [at, declared] of parsed.output.projections.entries()) {
    const spec = specOf(declared, (field, message) => report(['projections', at, field], message))
    if (spec !== undefined) specs.push(spec)
  }
  checkTogether(specs, (at, field, message) => report(['projections', at, field], message))
  return withAlertsBucket(specs)
}

/** The fields that each kind knows, for the JSON schema to be held against. */
export function fieldsOf(kind: ProjectionSpec['kind']): readonly string[] {
  return Object.keys(kinds[kind].entries)
}

const filter = v.pipe(
  v.string('a filter is text, such as rooms.*.temperature'),
  v.check(isFilter, ({ input }) => subjectFault(input, true) ?? ''),
)

const filters = v.pipe(
  v.union(
    [
      v.pipe(
        v.string(),
        v.transform((one) => [one]),
      ),
      v.array(v.string()),
    ],
    'a filter, or a list of filters, is expected',
  ),
  v.minLength(1, 'at least one filter is needed'),
  v.maxLength(limits.requestFiltersMax, `at most ${limits.requestFiltersMax} filters are allowed`),
  v.array(filter),
)

/** A name that is one token of a subject. */
const token = (what: string) =>
  v.pipe(
    v.string(`${what} is text`),
    v.regex(/^[A-Za-z0-9_-]{1,64}$/, `${what} is made of A-Z a-z 0-9 _ -, at most 64`),
  )

const bucketName = v.pipe(
  v.string('a bucket is named by text'),
  v.regex(/^[a-z0-9_-]{1,64}$/, 'a bucket is named by a-z 0-9 _ -, at most 64'),
  v.check((name) => !reserved.includes(name), `the names ${'events, mesh and positions'} are taken`),
)

const duration = (minMs: number, maxMs: number, range: string) =>
  v.pipe(
    v.string('a duration is text, such as 30s, 5m, 1h or 7d'),
    v.rawTransform<string, number>(({ dataset, addIssue, NEVER }) => {
      const ms = parseDuration(dataset.value)
      if (ms !== undefined && ms >= minMs && ms <= maxMs) return ms
      addIssue({ message: ms === undefined ? 'a duration is a number and ms, s, m, h or d' : `it must be ${range}` })
      return NEVER
    }),
  )

/** Text that is turned into something that can run; why it cannot is the fault. */
const compiled = <T>(what: string, compile: (text: string) => T) =>
  v.pipe(
    v.string(what),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      try {
        return compile(dataset.value)
      } catch (thrown) {
        if (!(thrown instanceof WeirError)) throw thrown
        addIssue({ message: thrown.message })
        return NEVER
      }
    }),
  )

const key = compiled('a key template is text', compileKeyTemplate)
const size = v.pipe(
  v.string('a size is text, such as 64MiB'),
  v.rawTransform<string, number>(({ dataset, addIssue, NEVER }) => {
    try {
      return bytes.parse(dataset.value)
    } catch {
      addIssue({ message: `it must be ${bytes.form}` })
      return NEVER
    }
  }),
)

const ttl = duration(1_000, limits.durationMaxMs, 'from 1s to 366d')
const wait = duration(0, limits.durationMaxMs, 'at most 366d')

const common = {
  name: token('a name'),
  from: v.optional(filters, '>'),
}

const target = {
  key: v.optional(key, '{subject}'),
  bucket: v.optional(bucketName),
  ttl: v.optional(ttl, '1h'),
  quota: v.optional(size, '256MiB'),
}

const latest = v.strictObject({ kind: v.literal('latest'), ...common, ...target })

const merge = v.strictObject({ kind: v.literal('merge'), ...common, ...target })

const window = v.strictObject({
  kind: v.literal('window'),
  ...common,
  ...target,
  key: v.optional(key, '{subject}.{window}'),
  size: duration(1_000, limits.windowMaxMs, 'from 1s to 1h; for longer ones ask the history with a step'),
  lateness: v.optional(duration(0, limits.latenessMaxMs, 'at most 1h'), '10s'),
  every: v.optional(duration(100, 60_000, 'from 100ms to 1m'), '1s'),
  metrics: v.optional(v.pipe(v.array(v.string('a metric is named by text')), v.minLength(1), v.maxLength(64))),
  percentiles: v.optional(
    v.pipe(
      v.array(v.pipe(v.number('a percentile is a number'), v.minValue(0), v.maxValue(100))),
      v.maxLength(10, 'at most 10 percentiles are allowed'),
    ),
    [50, 95, 99],
  ),
})

const alert = v.strictObject({
  kind: v.literal('alert'),
  ...common,
  source: v.optional(v.string('a source is "events" or the name of a bucket'), 'events'),
  key: v.optional(key, '{subject}'),
  when: v.optional(compiled('a condition is a CEL expression', compileCondition)),
  absent: v.optional(duration(1_000, 24 * 3_600_000, 'from 1s to 1d')),
  for: v.optional(wait, '0s'),
  keepFiringFor: v.optional(wait, '0s'),
  severity: v.optional(v.picklist(['NORMAL', 'HIGH', 'URGENT'], 'a severity is NORMAL, HIGH or URGENT'), 'NORMAL'),
  message: v.optional(compiled('a message is text', compileMessageTemplate), ''),
})

const history = v.strictObject({
  kind: v.literal('history'),
  ...common,
  retention: v.optional(duration(86_400_000, 10 * limits.durationMaxMs, 'from 1d to 3660d'), '30d'),
})

const kinds = { latest, merge, window, alert, history } as const

const fileSchema = v.strictObject({
  projections: v.pipe(
    v.array(
      v.variant(
        'kind',
        [latest, merge, window, alert, history],
        'a projection needs `kind`: latest, merge, window, alert or history',
      ),
      'a list of projections is expected',
    ),
    v.maxLength(limits.projectionsMax, `at most ${limits.projectionsMax} projections are allowed`),
  ),
})

type DeclaredProjection = v.InferOutput<typeof fileSchema>['projections'][number]

const reserved: readonly string[] = ['events', 'mesh', 'positions']

type FaultOf = (field: string, message: string) => void

function specOf(declared: DeclaredProjection, fault: FaultOf): ProjectionSpec | undefined {
  const { name } = declared
  const from = canonicalFilters(declared.from)
  if (declared.kind === 'history') return { kind: 'history', name, from, retentionMs: declared.retention }
  const { key } = declared
  if (key.windowed && declared.kind !== 'window') {
    fault('key', '{window} is for projections of kind window')
    return undefined
  }
  if (declared.kind === 'alert') return alertOf(declared, from, fault)
  const common = { name, from, key, bucket: declared.bucket ?? name, ttlMs: declared.ttl, quotaBytes: declared.quota }
  if (declared.kind !== 'window') return { kind: declared.kind, ...common }
  return {
    kind: 'window',
    ...common,
    sizeMs: declared.size,
    latenessMs: declared.lateness,
    metrics: declared.metrics,
    percentiles: declared.percentiles,
    everyMs: declared.every,
  }
}

function alertOf(
  declared: Extract<DeclaredProjection, { kind: 'alert' }>,
  from: readonly string[],
  fault: FaultOf,
): ProjectionSpec | undefined {
  const { name, source, key, when, absent, severity, message } = declared
  if ((when === undefined) === (absent === undefined)) {
    fault('when', 'an alert needs either `when`, a condition, or `absent`, a duration')
    return undefined
  }
  if (absent !== undefined && source !== 'events') {
    fault('source', 'absence is watched in events alone')
    return undefined
  }
  const times = { absentMs: absent, forMs: declared.for, keepFiringForMs: declared.keepFiringFor }
  return { kind: 'alert', name, from, source, key, when, ...times, severity, message }
}

function checkTogether(
  specs: readonly ProjectionSpec[],
  fault: (at: number, field: string, message: string) => void,
): void {
  for (const [at, spec] of specs.entries()) {
    const before = specs.slice(0, at)
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
  const ttlMs = 7 * 24 * 3_600_000
  const quotaBytes = 64 * 1024 ** 2
  return [...specs, { kind: 'latest', name: 'alerts', from: ['alerts.>'], key, bucket: 'alerts', ttlMs, quotaBytes }]
}

function issuePath(issue: v.BaseIssue<unknown>): FaultPath {
  return (issue.path ?? []).map((item) => item.key as string | number)
}

function issueMessage(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'strict_object' && issue.expected === 'never') return 'there is no such field here'
  if (issue.type === 'strict_object' && issue.received === 'undefined') return 'this field is required'
  return issue.message
}
