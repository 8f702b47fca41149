import type { NatsConnection } from '@weir/mesh'
import { asWeirError, compileFilters } from '@weir/proto'
import type { AlertSpec } from '../declaration/alert-spec.ts'
import type { Declarations } from '../declaration/file/schema.ts'
import type { BucketFillingSpec, ProjectionSpec } from '../declaration/projection-spec.ts'
import { EventRecord } from '../event/event-record.ts'
import { RuleTrial, type RuleTrialResult } from '../kinds/alert/rule-trial.ts'
import { limits } from '../limits.ts'
import { openSourceLog } from '../log/open-source-log.ts'
import { noPosition } from '../log/position.ts'

/** What the projections of a file would have made of stored events. */
export interface DeclarationsTrial {
  readonly tenant: string
  /** RFC 3339: from when on, and until when. */
  readonly from: string
  readonly until: string
  readonly events: number
  readonly projections: readonly ProjectionTrial[]
}

export interface ProjectionTrial {
  readonly name: string
  readonly kind: ProjectionSpec['kind']
  /** Events that it would have taken. */
  readonly taken: number
  /** Of one that fills a bucket: different keys, counted up to a bound. */
  readonly keys?: number
  readonly failures?: number
  readonly failure?: string
  /** Of a rule over events. */
  readonly alert?: RuleTrialResult
  /** Why it was not tried. */
  readonly skipped?: string
}

/**
 * Tries the projections of a file on what the stream took within a time. It only reads. Throws
 * `not_found` without a stream, and `unavailable`.
 */
export async function tryDeclarations(
  nc: NatsConnection,
  tenant: string,
  { projections }: Declarations,
  lastMs: number,
): Promise<DeclarationsTrial> {
  const log = await openSourceLog(nc, tenant, 'events')
  const state = await log.state()
  const untilMs = Date.now()
  const fromMs = untilMs - lastMs
  const trials = projections.map((spec) => trialOf(spec, fromMs))
  const warmUpMs = Math.max(0, ...projections.map(warmUpOf))
  const wants = { warmUpMs: 0, reachMs: lastMs + warmUpMs, fromNow: false }
  const start = await log.start(noPosition, state, wants)
  const prefix = log.subjects.length
  let events = 0
  await log.reader(['>'], start, noPosition).runToHead((message) => {
    if (message.storedAtMs > untilMs) return 'stop'
    const { subject, storedAtMs, payload } = message
    const record = new EventRecord(subject.slice(prefix), state.epoch, message.seq, storedAtMs, payload)
    const counts = storedAtMs >= fromMs
    if (counts) events++
    for (const trial of trials) trial.take(record, counts)
    return undefined
  })
  return {
    tenant,
    from: new Date(fromMs).toISOString(),
    until: new Date(untilMs).toISOString(),
    events,
    projections: trials.map((trial) => trial.finish(untilMs)),
  }
}

interface Trial {
  /** @param counts it is not from before the time that is tried */
  take(record: EventRecord, counts: boolean): void
  finish(nowMs: number): ProjectionTrial
}

function trialOf(spec: ProjectionSpec, fromMs: number): Trial {
  const matches = compileFilters(spec.from)
  const { name, kind } = spec
  if (spec.kind === 'alert' && spec.source !== 'events') {
    const skipped = `it reads the bucket ${spec.source}, which does not tell the past`
    return { take: () => undefined, finish: () => ({ name, kind, taken: 0, skipped }) }
  }
  let taken = 0
  if (spec.kind === 'alert') {
    const rule = new RuleTrial(spec, fromMs)
    return {
      take(record, counts) {
        if (!matches(record.subject) || record.subject.startsWith('alerts.')) return
        if (counts) taken++
        rule.take(record)
      },
      finish: (nowMs) => ({ name, kind, taken, alert: rule.finish(nowMs) }),
    }
  }
  const keys = 'bucket' in spec ? new KeyCount(spec) : undefined
  return {
    take(record, counts) {
      if (!counts || !matches(record.subject)) return
      taken++
      keys?.take(record)
    },
    finish: () => ({ name, kind, taken, ...keys?.result() }),
  }
}

/** How many keys a projection would make. */
class KeyCount {
  readonly #spec: BucketFillingSpec
  readonly #keys = new Set<string>()
  #failures = 0
  #failure: string | undefined

  constructor(spec: BucketFillingSpec) {
    this.#spec = spec
  }

  take(record: EventRecord): void {
    try {
      const sizeMs = this.#spec.kind === 'window' ? this.#spec.sizeMs : undefined
      const windowMs = sizeMs === undefined ? 0 : Math.floor(record.timeMs / sizeMs) * sizeMs
      const key = this.#spec.key.keyOf(record, windowMs)
      if (this.#keys.size < limits.trialKeysMax) this.#keys.add(key)
    } catch (thrown) {
      this.#failures++
      this.#failure ??= `${record.subject}: ${asWeirError(thrown).message}`
    }
  }

  result(): Pick<ProjectionTrial, 'keys' | 'failures' | 'failure'> {
    const failure = this.#failure === undefined ? {} : { failure: this.#failure }
    return { keys: this.#keys.size, failures: this.#failures, ...failure }
  }
}

/** How much before the time that is tried a rule has to see, to know what was so at its begin. */
function warmUpOf(spec: ProjectionSpec): number {
  if (spec.kind !== 'alert') return 0
  const { forMs, keepFiringForMs, absentMs = 0, noData }: AlertSpec = spec
  return Math.max(forMs + keepFiringForMs + absentMs + (noData?.afterMs ?? 0), limits.newestMemoryMs)
}
