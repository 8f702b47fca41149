import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@weir/mesh'
import { Alert_Severity, Alert_Status, asWeirError } from '@weir/proto'
import type { AlertSpec } from '../../declaration/alert-spec.ts'
import { limits } from '../../limits.ts'
import { type AlertChange, type AlertReason, isOpen, type ToldPhase, toldPhase } from './alert-log.ts'
import type { AlertText } from './alert-text.ts'
import { type Cause, isLater } from './cause.ts'
import type { RecordedAlerts } from './recorded-alerts.ts'

/** What the alert of a key should be, as far as its rule has seen. */
export interface DueAlert {
  readonly phase: ToldPhase
  /** When it began to fire. */
  readonly sinceMs: number
}

/** Why the alert of a key may have to change, and what a change would say. */
export interface ChangeNote {
  readonly cause: Cause
  /**
   * What the rule says at the moment of the cause; undefined where it was not seen here: then what
   * was said last is said again.
   */
  readonly says: (() => AlertText) | undefined
  readonly reason?: AlertReason
}

export interface AlertSettlingOptions {
  readonly spec: Pick<AlertSpec, 'name' | 'severity' | 'everyMs'>
  readonly recorded: RecordedAlerts
  readonly due: (key: string) => DueAlert
  readonly log: Logger
}

/**
 * Stores what is missing to make the alerts of one rule what they should be. Every stored change
 * names its cause: how much of the source its author had seen. Who has seen less of a key than what
 * is stored about it stores nothing.
 */
export class AlertSettling {
  /** Changes that were stored. */
  changes = 0
  readonly #options: AlertSettlingOptions
  readonly #changing = new Map<string, Promise<void>>()
  /** Keys whose alert may differ from what is stored of it. */
  readonly #unsettled = new Map<string, ChangeNote>()
  /**
   * The last events of keys whose change is on its way: what the alert may have to say after it.
   */
  readonly #renewals = new Map<string, ChangeNote>()
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
    return this.#unsettled.get(key)?.cause
  }

  /** Notes that the alert of a key may differ from what is stored. */
  note(key: string, note: ChangeNote): void {
    this.#unsettled.set(key, note)
  }

  /**
   * Whether an event of the key may have to be told: the alert is open, or is not yet what it
   * should be.
   */
  concerns(key: string): boolean {
    const recorded = this.#options.recorded.get(key)
    return (recorded !== undefined && isOpen(recorded)) || this.#unsettled.has(key) || this.#differs(key)
  }

  /**
   * The same for an event that changed no phase: it counts where nobody knew more before, and for
   * what an open alert says.
   */
  noteEvent(key: string, note: ChangeNote): void {
    const before = this.#unsettled.get(key)
    if (before === undefined || (this.#differs(key) && this.#isOvertaken(key, before.cause))) {
      this.#unsettled.set(key, note)
    } else this.#renewals.set(key, note)
  }

  /** What is stored counts: there is nothing to be made equal. */
  forget(key: string): void {
    this.#unsettled.delete(key)
    this.#renewals.delete(key)
  }

  /** Resolves when nothing is on its way any more; what was noted is forgotten. */
  async reset(): Promise<void> {
    this.#unsettled.clear()
    await Promise.all(this.#changing.values())
    this.#unsettled.clear()
    this.#renewals.clear()
  }

  /** Begins to store what differs. */
  settleAll(): void {
    for (const [key, note] of this.#unsettled) {
      if (this.#changing.size >= limits.alertChangesMax) return
      this.#settle(key, note)
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
  #settle(key: string, note: ChangeNote): void {
    if (this.#changing.has(key)) return
    // Who knows less than what is stored has to wait for the next event of the key.
    const change = this.#isOvertaken(key, note.cause) ? undefined : this.#changeOf(key, note)
    if (change === undefined) {
      const renewal = this.#renewals.get(key)
      this.#renewals.delete(key)
      this.#unsettled.delete(key)
      if (renewal === undefined) return
      this.#unsettled.set(key, renewal)
      this.#settle(key, renewal)
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

  /**
   * Whether what is stored of the alert was said by somebody who knew as much or more; also when
   * nothing is known here.
   */
  #isOvertaken(key: string, cause: Cause | undefined): boolean {
    if (cause === undefined) return true
    const told = this.#options.recorded.get(key)?.cause
    return told !== undefined && !isLater(cause, told)
  }

  #changeOf(key: string, note: ChangeNote): AlertChange | undefined {
    if (!this.#differs(key)) return this.#renewalOf(key, note)
    const { recorded, due } = this.#options
    const { phase, sinceMs } = due(key)
    const last = recorded.get(key)?.alert
    const said = note.says?.() ?? { message: last?.message ?? '', labels: recorded.get(key)?.labels ?? {} }
    if (phase === 'firing') return { ...this.#common(key, note), ...said, status: Alert_Status.FIRING, sinceMs }
    // Only a person mutes an alert, and has said so already.
    if (phase === 'muted' || last === undefined) return undefined
    const status = Alert_Status.RESOLVED
    return { ...this.#common(key, note), status, message: said.message, sinceMs: millisecondsOf(last.since) }
  }

  /**
   * What an open alert says, when that is another thing now. Who acknowledged it has done so still.
   */
  #renewalOf(key: string, note: ChangeNote): AlertChange | undefined {
    const recorded = this.#options.recorded.get(key)
    if (recorded === undefined || !isOpen(recorded)) return undefined
    const toldAtMs = recorded.cause?.atMs ?? 0
    if (note.cause.atMs - toldAtMs < this.#options.spec.everyMs) return undefined
    const { status, by, since } = recorded.alert
    const message = note.says?.().message.slice(0, limits.alertMessageMax)
    if (message === undefined || message === recorded.alert.message) return undefined
    return { ...this.#common(key, note), status, by, message, sinceMs: millisecondsOf(since), renewed: true }
  }

  #common(key: string, { cause, reason }: ChangeNote): Omit<AlertChange, 'status' | 'message' | 'sinceMs'> {
    const { name: rule, severity } = this.#options.spec
    // What fires keeps the labels with which it began: by them it is known until it is over.
    const labels = this.#options.recorded.get(key)?.labels ?? {}
    const common = { rule, key, severity: Alert_Severity[severity], labels, by: '', atMs: cause.atMs, cause }
    return reason === undefined ? common : { ...common, reason }
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
