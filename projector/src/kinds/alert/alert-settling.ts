import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@weir/mesh'
import { Alert_Severity, Alert_Status, asWeirError } from '@weir/proto'
import type { AlertSpec } from '../../declaration/alert-spec.ts'
import { limits } from '../../limits.ts'
import { type AlertChange, type ToldPhase, toldPhase } from './alert-log.ts'
import { type Cause, isLater } from './cause.ts'
import type { RecordedAlerts } from './recorded-alerts.ts'

/** What the alert of a key should be, as far as its rule has seen. */
export interface DueAlert {
  readonly phase: ToldPhase
  /** When it began to fire. */
  readonly sinceMs: number
  readonly message: string
}

export interface AlertSettlingOptions {
  readonly spec: Pick<AlertSpec, 'name' | 'severity'>
  readonly recorded: RecordedAlerts
  readonly due: (key: string) => DueAlert
  readonly log: Logger
}

/**
 * Stores what is missing to make the alerts of one rule what they should be. Every stored change names its cause: how much of
 * the source its author had seen. Who has seen less of a key than what is stored about it stores nothing.
 */
export class AlertSettling {
  /** Changes that were stored. */
  changes = 0
  readonly #options: AlertSettlingOptions
  readonly #changing = new Map<string, Promise<void>>()
  /** Keys whose alert may differ from what is stored of it, each with what a change would name as its cause. */
  readonly #unsettled = new Map<string, Cause>()
  #blocked: string | undefined
  #closed = false

  constructor(options: AlertSettlingOptions) {
    this.#options = options
  }

  /** Why changes cannot be stored, while they cannot. */
  get blocked(): string | undefined {
    return this.#blocked
  }

  /** What a change of the alert would name as its cause, while one may be needed. */
  causeOf(key: string): Cause | undefined {
    return this.#unsettled.get(key)
  }

  /** Notes that the alert of a key may differ from what is stored. */
  note(key: string, cause: Cause): void {
    this.#unsettled.set(key, cause)
  }

  /** The same for an event that changed nothing by itself: it counts where nobody knew more before. */
  noteUnlessKnown(key: string, cause: Cause): void {
    if (this.#differs(key) && this.#isOvertaken(key, this.#unsettled.get(key))) this.#unsettled.set(key, cause)
  }

  /** What is stored counts: there is nothing to be made equal. */
  forget(key: string): void {
    this.#unsettled.delete(key)
  }

  /** Resolves when nothing is on its way any more; what was noted is forgotten. */
  async reset(): Promise<void> {
    this.#unsettled.clear()
    await Promise.all(this.#changing.values())
    this.#unsettled.clear()
  }

  /** Begins to store what differs. */
  settleAll(): void {
    for (const [key, cause] of this.#unsettled) {
      if (this.#changing.size >= limits.alertChangesMax) return
      this.#settle(key, cause)
    }
  }

  /** A promise while as many changes are being stored as may be. */
  relief(): Promise<void> | undefined {
    return this.#changing.size < limits.alertChangesMax ? undefined : Promise.race(this.#changing.values())
  }

  /** Resolves when everything that was noted before this call is stored. */
  async settled(): Promise<void> {
    const before = [...this.#unsettled.keys()]
    while (!this.#closed && before.some((key) => this.#unsettled.has(key))) {
      await sleep(limits.alertSettlePollMs)
      // What failed is tried again with the next tick.
      if (this.#blocked === undefined) this.settleAll()
    }
  }

  close(): void {
    this.#closed = true
  }

  /** Stores one change of a key at a time. */
  #settle(key: string, cause: Cause): void {
    if (this.#changing.has(key)) return
    // Who knows less than what is stored has to wait for the next event of the key.
    const change = this.#differs(key) && !this.#isOvertaken(key, cause) ? this.#changeOf(key, cause) : undefined
    if (change === undefined) {
      this.#unsettled.delete(key)
      return
    }
    const changing = this.#store(change).finally(() => {
      this.#changing.delete(key)
      if (this.#blocked === undefined) this.settleAll()
    })
    this.#changing.set(key, changing)
  }

  #differs(key: string): boolean {
    const recorded = this.#options.recorded.get(key)
    return this.#options.due(key).phase !== (recorded === undefined ? 'quiet' : toldPhase(recorded))
  }

  /** Whether what is stored of the alert was said by somebody who knew as much or more; also when nothing is known here. */
  #isOvertaken(key: string, cause: Cause | undefined): boolean {
    if (cause === undefined) return true
    const told = this.#options.recorded.get(key)?.cause
    return told !== undefined && !isLater(cause, told)
  }

  #changeOf(key: string, cause: Cause): AlertChange | undefined {
    const { spec, recorded, due } = this.#options
    const { phase, sinceMs, message } = due(key)
    const common = {
      rule: spec.name,
      key,
      severity: Alert_Severity[spec.severity],
      by: '',
      atMs: cause.atMs,
      cause,
    }
    if (phase === 'firing') return { ...common, status: Alert_Status.FIRING, message, sinceMs }
    const last = recorded.get(key)
    // Only a person mutes an alert, and has said so already.
    if (phase === 'muted' || last === undefined) return undefined
    const { since } = last.alert
    return { ...common, status: Alert_Status.RESOLVED, message: last.alert.message, sinceMs: millisecondsOf(since) }
  }

  async #store(change: AlertChange): Promise<void> {
    try {
      const stored = await this.#options.recorded.append(change)
      this.#blocked = undefined
      if (!stored) return
      this.changes++
      const { rule, key, status, message } = change
      this.#options.log.info({ rule, key, status: Alert_Status[status], message }, 'an alert changed')
    } catch (thrown) {
      this.#blocked = asWeirError(thrown).message
    }
  }
}

/** Of a Timestamp; 0 without one. */
export function millisecondsOf(time: { readonly seconds: bigint; readonly nanos: number } | undefined): number {
  return time === undefined ? 0 : Number(time.seconds) * 1000 + Math.floor(time.nanos / 1_000_000)
}
