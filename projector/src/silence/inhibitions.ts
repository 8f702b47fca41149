import { fromBinary } from '@bufbuild/protobuf'
import type { Logger, NatsConnection } from '@weir/mesh'
import { Alert_Status, compileAlertMatch, EventSchema, enumName, type MatchedAlert, severityValues } from '@weir/proto'
import { BucketFollower, type FollowedEntry } from '../bucket/bucket-follower.ts'
import type { InhibitionSpec } from '../declaration/file/inhibition-spec.ts'
import { alertLabels } from '../event/alert-labels.ts'
import { alertsBucket } from '../event/alerts-bucket.ts'
import { limits } from '../limits.ts'

export interface InhibitionsOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly specs: readonly InhibitionSpec[]
  readonly log: Logger
}

/**
 * Which alerts are quiet while others are open. An alert that is both a source and a target of one
 * inhibition is not quieted by another one that is both, so that no two quiet each other.
 */
export class Inhibitions {
  readonly #log: Logger
  readonly #rules: readonly Rule[]
  readonly #follower: BucketFollower<OpenSources>
  #loggedAtMs = 0

  constructor({ nc, tenant, specs, log }: InhibitionsOptions) {
    this.#log = log
    this.#rules = specs.map(({ source, target, equal }) => ({
      isSource: compileAlertMatch(source),
      isTarget: compileAlertMatch(target),
      equal,
    }))
    const empty = (): OpenSources => ({ alerts: new Map(), byRule: this.#rules.map(() => new Map()) })
    const enter = (sources: OpenSources, entry: FollowedEntry): void => this.#enter(sources, entry)
    this.#follower = new BucketFollower({ nc, tenant, bucket: alertsBucket, log, empty, enter })
  }

  get isAny(): boolean {
    return this.#rules.length > 0
  }

  /** Whether it is known which alerts are open. */
  get isKnown(): boolean {
    return !this.isAny || this.#follower.version > 0
  }

  start(): void {
    if (this.#rules.length > 0) this.#follower.start()
  }

  async close(): Promise<void> {
    await this.#follower.close()
  }

  /** The subject of an open alert that quiets this one. */
  inhibiting(alert: MatchedAlert): string | undefined {
    const { byRule } = this.#follower.content
    for (const [at, { isSource, isTarget, equal }] of this.#rules.entries()) {
      const sources = byRule[at]?.get(valuesOf(alert, equal))
      if (sources === undefined || !isTarget(alert)) continue
      const isBoth = isSource(alert)
      for (const [subject, sourceIsBoth] of sources) {
        if (subject !== alert.subject && !(isBoth && sourceIsBoth)) return subject
      }
    }
    return undefined
  }

  #enter({ alerts, byRule }: OpenSources, { key, payload, removed }: FollowedEntry): void {
    const before = alerts.get(key)
    if (before !== undefined) {
      for (const [at, { equal }] of this.#rules.entries()) {
        const values = valuesOf(before, equal)
        const sources = byRule[at]?.get(values)
        sources?.delete(key)
        if (sources?.size === 0) byRule[at]?.delete(values)
      }
      alerts.delete(key)
    }
    const alert = removed ? undefined : openAlert(key, payload)
    if (alert === undefined || !this.#rules.some(({ isSource }) => isSource(alert))) return
    if (alerts.size >= limits.inhibitingMax) {
      this.#overflow(key)
      return
    }
    alerts.set(key, alert)
    for (const [at, { isSource, isTarget, equal }] of this.#rules.entries()) {
      if (!isSource(alert)) continue
      const values = valuesOf(alert, equal)
      const sources = byRule[at]?.get(values) ?? new Map<string, boolean>()
      byRule[at]?.set(values, sources.set(key, isTarget(alert)))
    }
  }

  #overflow(key: string): void {
    const now = Date.now()
    if (now - this.#loggedAtMs < limits.repeatedLogMs) return
    this.#loggedAtMs = now
    this.#log.error({ key }, `more than ${limits.inhibitingMax} open alerts may inhibit; further ones do not`)
  }
}

interface Rule {
  readonly isSource: (alert: MatchedAlert) => boolean
  readonly isTarget: (alert: MatchedAlert) => boolean
  readonly equal: readonly string[]
}

interface OpenSources {
  readonly alerts: Map<string, MatchedAlert>
  /**
   * For each inhibition, by the values of its labels, the open sources, and whether each is a
   * target too.
   */
  readonly byRule: readonly Map<string, Map<string, boolean>>[]
}

/** A label that is absent equals one that is absent. */
function valuesOf({ labels }: MatchedAlert, equal: readonly string[]): string {
  return JSON.stringify(equal.map((name) => (Object.hasOwn(labels, name) ? labels[name] : '')))
}

function openAlert(subject: string, payload: Uint8Array): MatchedAlert | undefined {
  try {
    const event = fromBinary(EventSchema, payload)
    if (event.data.case !== 'alert') return undefined
    const { rule, severity, status } = event.data.value
    if (status !== Alert_Status.FIRING && status !== Alert_Status.ACKED) return undefined
    return { subject, rule, severity: String(enumName(severityValues, severity)), labels: alertLabels(event) }
  } catch {
    return undefined
  }
}
