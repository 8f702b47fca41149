import type { Logger, NatsConnection } from '@weir/mesh'
import { Alert_Severity, Alert_Status } from '@weir/proto'
import { BucketReader } from '../bucket/bucket-reader.ts'
import { AlertLog, isOpen, unevaluableRule } from '../kinds/alert/alert-log.ts'
import { millisecondsOf } from '../kinds/alert/alert-settling.ts'
import { type AlertItem, listAlerts } from '../kinds/alert/alerts.ts'
import { limits } from '../limits.ts'
import { repeat } from '../run/repeat.ts'

export interface RemovedRulesOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  /** The rules that there are. */
  readonly rules: readonly string[]
  readonly log: Logger
}

/**
 * Resolves what fires for a rule that the file has no more, as nobody is left who would: with the
 * reason "rule removed". While an older projector runs beside this one and still has the rule, it
 * may raise the alert again; then it is resolved again.
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
      found.push(...page.items.filter((item) => !this.#hasRule(item)))
      after = page.next
    } while (after !== undefined)
    return found
  }

  /** Whether a rule cannot be evaluated is of interest for as long as there is the rule. */
  #hasRule({ rule, key }: AlertItem): boolean {
    const { rules } = this.#options
    return rules.includes(rule === unevaluableRule ? (key.split('.')[0] ?? '') : rule)
  }

  async #resolveOne(subject: string): Promise<void> {
    const last = await this.#alerts.last(subject)
    if (last === undefined || !isOpen(last)) return
    const { rule, key, severity, since } = last.alert
    const message = 'rule removed'
    const change = { rule, key, severity, status: Alert_Status.RESOLVED, message, reason: message, by: '' } as const
    const atMs = Date.now()
    const stored = await this.#alerts.append(
      { ...change, labels: last.labels, sinceMs: millisecondsOf(since), atMs, cause: last.cause },
      last.seq,
    )
    if (stored === undefined) return
    this.#options.log.info(
      { rule, key, severity: Alert_Severity[severity] },
      'an alert of a rule that is gone was resolved',
    )
  }
}
