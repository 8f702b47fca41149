import type { Logger, NatsConnection } from '@weir/mesh'
import { Alert_Severity, Alert_Status, asWeirError, checkSubject } from '@weir/proto'
import { type AlertChange, alertSubject, type RecordedAlert, type ToldPhase, toldPhase } from '../alerts/alert-log.ts'
import { RecordedAlerts } from '../alerts/recorded-alerts.ts'
import type { AlertSpec } from '../declaration/projection-spec.ts'
import type { EventRecord } from '../event-record.ts'
import { AlertMachine, type KeyAlert } from '../fold/alert-machine.ts'
import { type Cause, isLater } from '../fold/cause.ts'
import { limits } from '../limits.ts'
import { owns, type Partition } from '../partition.ts'
import { sleep } from '../repeating-work.ts'
import type { Projection } from './projection.ts'

export interface AlertProjectionOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly spec: AlertSpec
  readonly partition: Partition
  readonly log: Logger
}

export interface AlertStats {
  evaluations: number
  /** Evaluations that failed; an event that merely lacks what the condition asks for is none. */
  failures: number
  /** Keys that were not watched because there are too many. */
  overflowed: number
  changes: number
}

/**
 * Watches one rule. What a key's alert should be follows from the events it reads (AlertMachine); what it is follows from the
 * alert events that were stored (RecordedAlerts). Wherever the two differ it stores an event that makes them equal.
 *
 * Every stored change names its cause: how much of the source its author had seen. Whoever has seen less of a key takes over
 * what was stored, and whoever has seen as much stores nothing that differs. So a replica that is behind, or one that reads
 * again after a restart, adds nothing to what was told.
 */
export class AlertProjection implements Projection {
  readonly warmUpMs: number
  readonly reachMs = undefined
  readonly checkpointMs: number = limits.checkpointMs
  readonly fromNow = true
  /** An alert is its events: there is nothing that could be made anew from them. */
  readonly rebuilding = undefined
  readonly stats: AlertStats = { evaluations: 0, failures: 0, overflowed: 0, changes: 0 }
  readonly #options: AlertProjectionOptions
  readonly #spec: AlertSpec
  readonly #recorded: RecordedAlerts
  #machine: AlertMachine
  /** What the message of a key's alert says, from the event that made it pending or is its last. */
  readonly #messages = new Map<string, () => string>()
  readonly #changing = new Map<string, Promise<void>>()
  /** Keys whose alert may differ from what is stored of it, each with what a change would name as its cause. */
  readonly #unsettled = new Map<string, Cause>()
  #repeating = true
  #blocked: string | undefined
  #closed = false
  #failureLoggedAtMs = 0

  constructor(options: AlertProjectionOptions) {
    const { nc, tenant, spec, log } = options
    this.#options = options
    this.#spec = spec
    this.#recorded = new RecordedAlerts({
      nc,
      tenant,
      rule: spec.name,
      log,
      keysMax: limits.alertKeysMax,
      onChanged: (key, recorded) => this.#heed(key, recorded),
    })
    this.#machine = new AlertMachine(spec, limits.alertKeysMax)
    this.warmUpMs = spec.forMs + spec.keepFiringForMs + (spec.absentMs ?? 0)
  }

  get watchedKeys(): number {
    return this.#machine.size
  }

  async open(): Promise<void> {
    await Promise.all(this.#changing.values())
    this.#machine = new AlertMachine(this.#spec, limits.alertKeysMax)
    this.#messages.clear()
    this.#unsettled.clear()
    this.#repeating = true
    await this.#recorded.open()
    for (const [key, recorded] of this.#recorded.all()) {
      if (owns(this.#options.partition, key)) this.#adopt(key, recorded)
    }
  }

  take(record: EventRecord, repeated: boolean): void | Promise<void> {
    if (record.subject.startsWith('alerts.')) return
    const key = this.#spec.key.keyOf(record)
    if (!owns(this.#options.partition, key)) return
    if (!repeated) this.#repeating = false
    const { epoch, seq, storedAtMs: atMs } = record
    const accounted = this.#isAccountedFor(key, epoch, seq)
    const holds = accounted ? undefined : record.removed ? false : this.#evaluate(record)
    if (holds === undefined) {
      // It may be the first that is not seen again: what was held back until then goes out.
      this.#settleAll()
      return
    }
    const known = this.#machine.get(key)
    if (known === undefined) checkSubject(alertSubject(this.#spec.name, key))
    const event: Cause = { epoch, seq, atMs }
    if (!this.#machine.observe(key, holds, event)) this.#overflow(key)
    this.#keepMessage(key, known, record)
    this.#collectChanged()
    if (this.#differs(key) && this.#isOvertaken(key, this.#unsettled.get(key))) this.#unsettled.set(key, event)
    this.#settleAll()
    if (this.#changing.size >= changesMax) return Promise.race(this.#changing.values())
  }

  idle(nowMs: number): void {
    this.#repeating = false
    this.#machine.advance(nowMs)
    this.#collectChanged()
    this.#settleAll()
  }

  async flushed(): Promise<void> {
    // What was taken again has its effects out.
    if (this.#repeating) return
    const before = [...this.#unsettled.keys()]
    while (!this.#closed && before.some((key) => this.#unsettled.has(key))) {
      await sleep(settlePollMs)
      // What failed is tried again with the next tick.
      if (this.#blocked === undefined) this.#settleAll()
    }
  }

  blocked(): string | undefined {
    return this.#blocked
  }

  targetEpoch(): Promise<number> {
    return Promise.resolve(0)
  }

  close(): void {
    this.#closed = true
    this.#recorded.close()
  }

  /** Whether what is stored of the alert was said by somebody who had seen this event. */
  #isAccountedFor(key: string, epoch: number, seq: number): boolean {
    const cause = this.#recorded.get(key)?.cause
    return cause !== undefined && cause.epoch === epoch && seq <= cause.seq
  }

  #evaluate(record: EventRecord): boolean | undefined {
    const { when } = this.#spec
    if (when === undefined) return false
    this.stats.evaluations++
    try {
      return when.holds(record)
    } catch (thrown) {
      this.stats.failures++
      const now = Date.now()
      if (now - this.#failureLoggedAtMs > limits.repeatedLogMs) {
        this.#failureLoggedAtMs = now
        const { subject, seq } = record
        const { message } = asWeirError(thrown)
        this.#options.log.error(
          { rule: this.#spec.name, subject, seq, reason: message },
          'the condition of a rule failed',
        )
      }
      return undefined
    }
  }

  #overflow(key: string): void {
    if (this.stats.overflowed++ === 0) {
      this.#options.log.error({ rule: this.#spec.name, key }, 'a rule has too many keys; further ones are not watched')
    }
  }

  /** The event that set the alert off is kept until it is needed; for absence that is the last one. */
  #keepMessage(key: string, before: KeyAlert | undefined, record: EventRecord): void {
    const phase = this.#machine.get(key)?.phase
    if (phase === undefined) return
    if (this.#spec.absentMs !== undefined || (before === undefined && phase !== 'quiet')) {
      const kept = record.copy()
      this.#messages.set(key, () => this.#spec.message(kept))
    }
  }

  #collectChanged(): void {
    for (const [key, cause] of this.#machine.takeChanged()) {
      this.#unsettled.set(key, cause)
      if (this.#machine.get(key) === undefined) this.#messages.delete(key)
    }
  }

  #settleAll(): void {
    if (this.#repeating) return
    for (const [key, cause] of this.#unsettled) {
      if (this.#changing.size >= changesMax) return
      this.#settle(key, cause)
    }
  }

  /** Stores what is missing to make the alert of a key what it should be; one change at a time. */
  #settle(key: string, cause: Cause): void {
    if (this.#changing.has(key)) return
    // An opinion that knows less than what is stored has to wait for the next event of the key.
    const change =
      this.#differs(key) && !this.#isOvertaken(key, cause) ? this.#changeTo(this.#shouldBe(key), key, cause) : undefined
    if (change === undefined) {
      this.#unsettled.delete(key)
      return
    }
    const changing = this.#store(change).finally(() => {
      this.#changing.delete(key)
      // What failed is tried again with the next tick.
      if (this.#blocked === undefined) this.#settleAll()
    })
    this.#changing.set(key, changing)
  }

  #differs(key: string): boolean {
    const recorded = this.#recorded.get(key)
    return this.#shouldBe(key) !== (recorded === undefined ? 'quiet' : toldPhase(recorded))
  }

  #shouldBe(key: string): ToldPhase {
    const phase = this.#machine.get(key)?.phase ?? 'quiet'
    return phase === 'pending' ? 'quiet' : phase
  }

  /** Whether what is stored of the alert was said by somebody who knew as much or more; also when nothing is known here. */
  #isOvertaken(key: string, cause: Cause | undefined): boolean {
    if (cause === undefined) return true
    const told = this.#recorded.get(key)?.cause
    return told !== undefined && !isLater(cause, told)
  }

  #changeTo(phase: ToldPhase, key: string, cause: Cause): AlertChange | undefined {
    const { name: rule, severity } = this.#spec
    const common = { rule, key, severity: Alert_Severity[severity], by: '', atMs: cause.atMs, cause }
    const recorded = this.#recorded.get(key)
    if (phase === 'firing') {
      const message = this.#messages.get(key)?.() ?? ''
      const sinceMs = this.#machine.get(key)?.sinceMs ?? cause.atMs
      return { ...common, status: Alert_Status.FIRING, message, sinceMs }
    }
    // Only a person mutes an alert, and has said so already.
    if (phase === 'muted' || recorded === undefined) return undefined
    const { message, since } = recorded.alert
    return { ...common, status: Alert_Status.RESOLVED, message, sinceMs: msOf(since) }
  }

  async #store(change: AlertChange): Promise<void> {
    try {
      const stored = await this.#recorded.append(change)
      this.#blocked = undefined
      if (!stored) return
      this.stats.changes++
      const { rule, key, status, message } = change
      this.#options.log.info({ rule, key, status: Alert_Status[status], message }, 'an alert changed')
    } catch (thrown) {
      this.#blocked = asWeirError(thrown).message
    }
  }

  /** Somebody else changed an alert: who has seen more of its key is right, and a person is about what that person saw. */
  #heed(key: string, recorded: RecordedAlert): void {
    if (!owns(this.#options.partition, key)) return
    const own = this.#machine.get(key)?.known ?? this.#unsettled.get(key)
    if (own === undefined || (recorded.cause !== undefined && isLater(recorded.cause, own))) {
      this.#adopt(key, recorded)
      return
    }
    const entered = this.#machine.get(key)?.entered
    const isAbout = recorded.cause === undefined || (entered !== undefined && !isLater(entered, recorded.cause))
    if (toldPhase(recorded) === 'muted' && isAbout) this.#machine.mute(key)
    this.#collectChanged()
    this.#unsettled.set(key, own)
    this.#settleAll()
  }

  /** Goes on from what was stored, as if everything up to its cause had been seen here. */
  #adopt(key: string, recorded: RecordedAlert): void {
    const sinceMs = msOf(recorded.alert.since)
    const cause = recorded.cause ?? { epoch: 0, seq: 0, atMs: sinceMs }
    this.#unsettled.delete(key)
    if (!this.#machine.adopt(key, toldPhase(recorded), sinceMs, cause)) this.#overflow(key)
  }
}

/** How often it is looked whether all changes are stored. */
const settlePollMs = 20

/** Changes that are stored at once; then further ones wait, and the reader with them. */
const changesMax = 256

function msOf(time: { readonly seconds: bigint; readonly nanos: number } | undefined): number {
  return time === undefined ? 0 : Number(time.seconds) * 1000 + Math.floor(time.nanos / 1_000_000)
}
