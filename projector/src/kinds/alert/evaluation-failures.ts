import type { Logger, NatsConnection } from '@weir/mesh'
import { Alert_Severity, Alert_Status } from '@weir/proto'
import type { EventRecord } from '../../event/event-record.ts'
import type { Partition } from '../../event/partition.ts'
import { limits } from '../../limits.ts'
import { AlertLog, alertSubject, isOpen, unevaluableRule } from './alert-log.ts'

export interface EvaluationFailuresOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly rule: string
  readonly partition: Partition
  readonly log: Logger
}

/**
 * Whether the condition of a rule can be evaluated. A rule that cannot say whether it should fire
 * is a state that people have to see, so it is an alert of its own, `alerts.unevaluable.<rule>`: it
 * fires with the first failure, and is resolved when there was none for `limits.unevaluableMs` and
 * an evaluation succeeded. A restart counts as a failure for this: what an earlier process raised
 * is not over because this one has seen nothing yet.
 */
export class EvaluationFailures {
  readonly #options: EvaluationFailuresOptions
  readonly #alerts: AlertLog
  readonly #subject: string
  readonly #key: string
  #reason: string | undefined
  /** The last failure, or the start. */
  #failedAtMs: number = Date.now()
  /** What this process or an earlier one raised may be open. */
  #mayBeOpen = true
  #succeeded = false
  #loggedAtMs = 0
  /** What is stored may not be what is so. */
  #isDirty = false
  #isStoring = false

  constructor(options: EvaluationFailuresOptions) {
    const { nc, tenant, rule, partition } = options
    this.#options = options
    this.#alerts = new AlertLog(nc, tenant)
    this.#key = partition.count === 1 ? rule : `${rule}.${partition.index}-${partition.count}`
    this.#subject = alertSubject(unevaluableRule, this.#key)
  }

  /** Why the condition cannot be evaluated, while it cannot. */
  get reason(): string | undefined {
    return this.#reason
  }

  failed({ subject, seq }: EventRecord, reason: string): void {
    const now = Date.now()
    this.#failedAtMs = now
    this.#mayBeOpen = true
    this.#succeeded = false
    if (this.#reason === undefined) this.#isDirty = true
    this.#reason = `the condition of ${this.#options.rule} cannot be evaluated for ${subject}: ${reason}`
    if (now - this.#loggedAtMs <= limits.repeatedLogMs) return
    this.#loggedAtMs = now
    this.#options.log.error({ rule: this.#options.rule, subject, seq, reason }, 'the condition of a rule failed')
  }

  succeeded(): void {
    this.#succeeded = true
  }

  /** The condition is another one: what failed was not this one, and its first success says so. */
  changed(): void {
    this.#failedAtMs = 0
  }

  /** Called a few times a second. */
  idle(nowMs: number): void {
    if (this.#mayBeOpen && this.#succeeded && nowMs - this.#failedAtMs >= limits.unevaluableMs) {
      this.#reason = undefined
      this.#mayBeOpen = false
      this.#isDirty = true
    }
    if (this.#isDirty && !this.#isStoring) void this.#store(nowMs)
  }

  close(): void {
    this.#alerts.close()
  }

  async #store(nowMs: number): Promise<void> {
    this.#isStoring = true
    this.#isDirty = false
    const message = this.#reason ?? `the condition of ${this.#options.rule} can be evaluated again`
    try {
      const last = await this.#alerts.last(this.#subject)
      const isTold = last !== undefined && isOpen(last)
      if (isTold === (this.#reason !== undefined)) return
      const status = isTold ? Alert_Status.RESOLVED : Alert_Status.FIRING
      const change = { rule: unevaluableRule, key: this.#key, severity: Alert_Severity.HIGH, status, message, by: '' }
      const stored = await this.#alerts.append(
        { ...change, labels: {}, sinceMs: this.#failedAtMs || nowMs, atMs: nowMs, cause: undefined },
        last?.seq ?? 0,
      )
      // Somebody else changed it: what it is now is looked at again.
      if (stored === undefined) this.#isDirty = true
    } catch {
      this.#isDirty = true
    } finally {
      this.#isStoring = false
    }
  }
}
