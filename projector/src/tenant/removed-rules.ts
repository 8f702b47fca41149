import type { Logger, NatsConnection } from '@weir/mesh'
import { Alert_Severity, Alert_Status } from '@weir/proto'
import { BucketReader } from '../bucket/bucket-reader.ts'
import { AlertLog, type AlertReason, isOpen, unevaluableRule } from '../kinds/alert/alert-log.ts'
import { millisecondsOf } from '../kinds/alert/alert-settling.ts'
import { type AlertItem, listAlerts } from '../kinds/alert/alerts.ts'
import { limits } from '../limits.ts'
import { repeat } from '../run/repeat.ts'

export interface RemovedRulesOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  /** The rules that there are. */
  readonly rules: readonly string[]
  /** How many shares of the keys there are; absent where nothing depends on them. */
  readonly shares?: number
  readonly log: Logger
}

/**
 * Resolves what fires for a rule that the file has no more, or was said by a share of another
 * number of shares, as nobody is left who would: with the reason. While an older projector runs
 * beside this one and still has the rule, it may raise the alert again; then it is resolved again.
 */
export class RemovedRules {
  readonly #options: RemovedRulesOptions
  readonly #buckets: BucketReader
  readonly #alerts: AlertLog
  #stop: (() => void) | undefined

  constructor(options: RemovedRulesOptions) {
    this.#options = options
    this.#buckets = new BucketReader(options.nc)
    this.#alerts = new AlertLog(options.nc, options.tenant)
  }

  start(everyMs: number = limits.removedRulesMs): void {
    // What fails is looked at again the next time.
    void this.resolve().catch(() => undefined)
    this.#stop = repeat(everyMs, () => this.resolve())
  }

  close(): void {
    this.#stop?.()
    this.#alerts.close()
  }

  async resolve(): Promise<void> {
    for (const { subject } of await this.orphans()) await this.#resolveOne(subject)
  }

  /** The open alerts whose rule is gone. */
  async orphans(): Promise<readonly AlertItem[]> {
    const found: AlertItem[] = []
    let after: string | undefined
    do {
      const query = { filters: ['alerts.>'], statuses: ['FIRING', 'ACKED'], limit: limits.pageItemsMax, after }
      const page = await listAlerts(this.#buckets, this.#options.tenant, query)
      found.push(...page.items.filter((item) => this.#orphaned(item) !== undefined))
      after = page.next
    } while (after !== undefined)
    return found
  }

  /** Why nobody is left who would resolve an alert; undefined when somebody is. */
  #orphaned({ rule, key }: Pick<AlertItem, 'rule' | 'key'>): AlertReason | undefined {
    const { rules, shares } = this.#options
    // Whether a rule cannot be evaluated is known of each share of the keys.
    const [name = '', share] = rule === unevaluableRule ? key.split('.') : [rule]
    if (!rules.includes(name)) return 'rule removed'
    if (rule !== unevaluableRule || shares === undefined) return undefined
    return Number(share?.split('-')[1] ?? 1) === shares ? undefined : 'keys divided anew'
  }

  async #resolveOne(subject: string): Promise<void> {
    const last = await this.#alerts.last(subject)
    if (last === undefined || !isOpen(last)) return
    const { rule, key, severity, since } = last.alert
    const message = this.#orphaned(last.alert)
    if (message === undefined) return
    const change = { rule, key, severity, status: Alert_Status.RESOLVED, message, reason: message, by: '' } as const
    const atMs = Date.now()
    const stored = await this.#alerts.append(
      { ...change, labels: last.labels, sinceMs: millisecondsOf(since), atMs, cause: last.cause },
      last.seq,
    )
    if (stored === undefined) return
    this.#options.log.info({ rule, key, severity: Alert_Severity[severity] }, `an alert was resolved: ${message}`)
  }
}
