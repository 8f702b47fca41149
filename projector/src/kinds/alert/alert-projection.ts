import type { Logger, NatsConnection } from '@weir/mesh'
import { asWeirError, checkSubject } from '@weir/proto'
import type { AlertSpec } from '../../declaration/alert-spec.ts'
import type { EventRecord } from '../../event/event-record.ts'
import { owns, type Partition } from '../../event/partition.ts'
import { limits } from '../../limits.ts'
import type { Projection } from '../../run/projection.ts'
import { alertSubject, type RecordedAlert, toldPhase } from './alert-log.ts'
import { AlertMachine, type KeyAlert } from './alert-machine.ts'
import { AlertSettling, type DueAlert, millisecondsOf } from './alert-settling.ts'
import { type Cause, isLater } from './cause.ts'
import { RecordedAlerts } from './recorded-alerts.ts'

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
 * alert events that were stored (RecordedAlerts). Wherever the two differ, AlertSettling stores an event that makes them equal.
 *
 * Whoever has seen less of a key takes over what was stored, and whoever has seen as much stores nothing that differs. So a
 * replica that is behind, or one that reads again after a restart, adds nothing to what was told.
 */
export class AlertProjection implements Projection {
  readonly warmUpMs: number
  readonly reachMs = undefined
  readonly checkpointMs: number = limits.checkpointMs
  readonly fromNow = true
  /** An alert is its events: there is nothing that could be made anew from them. */
  readonly rebuilding = undefined
  readonly #options: AlertProjectionOptions
  readonly #spec: AlertSpec
  readonly #recorded: RecordedAlerts
  readonly #settling: AlertSettling
  readonly #stats = { evaluations: 0, failures: 0, overflowed: 0 }
  #machine: AlertMachine
  /** What the message of a key's alert says, from the event that made it pending or is its last. */
  readonly #messages = new Map<string, () => string>()
  #repeating = true
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
      onChanged: (key, recorded) => this.#changedElsewhere(key, recorded),
    })
    this.#settling = new AlertSettling({ spec, recorded: this.#recorded, due: (key) => this.#due(key), log })
    this.#machine = new AlertMachine(spec, limits.alertKeysMax)
    this.warmUpMs = spec.forMs + spec.keepFiringForMs + (spec.absentMs ?? 0)
  }

  get stats(): AlertStats {
    return { ...this.#stats, changes: this.#settling.changes }
  }

  async open(): Promise<void> {
    await this.#settling.reset()
    this.#machine = new AlertMachine(this.#spec, limits.alertKeysMax)
    this.#messages.clear()
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
    this.#settling.noteUnlessKnown(key, event)
    this.#settleAll()
    return this.#settling.relief()
  }

  idle(nowMs: number): void {
    this.#repeating = false
    this.#machine.advance(nowMs)
    this.#collectChanged()
    this.#settleAll()
  }

  async flushed(): Promise<void> {
    // What was taken again has its effects out.
    if (!this.#repeating) await this.#settling.settled()
  }

  blocked(): string | undefined {
    return this.#settling.blocked
  }

  targetEpoch(): Promise<number> {
    return Promise.resolve(0)
  }

  close(): void {
    this.#settling.close()
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
    this.#stats.evaluations++
    try {
      return when.holds(record)
    } catch (thrown) {
      this.#stats.failures++
      this.#logFailure(record, asWeirError(thrown).message)
      return undefined
    }
  }

  #logFailure({ subject, seq }: EventRecord, reason: string): void {
    const now = Date.now()
    if (now - this.#failureLoggedAtMs <= limits.repeatedLogMs) return
    this.#failureLoggedAtMs = now
    this.#options.log.error({ rule: this.#spec.name, subject, seq, reason }, 'the condition of a rule failed')
  }

  #overflow(key: string): void {
    if (this.#stats.overflowed++ === 0) {
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
      this.#settling.note(key, cause)
      if (this.#machine.get(key) === undefined) this.#messages.delete(key)
    }
  }

  #settleAll(): void {
    if (!this.#repeating) this.#settling.settleAll()
  }

  #due(key: string): DueAlert {
    const { phase = 'quiet', sinceMs = 0 } = this.#machine.get(key) ?? {}
    return { phase: phase === 'pending' ? 'quiet' : phase, sinceMs, message: this.#messages.get(key)?.() ?? '' }
  }

  /** Somebody else changed an alert: who has seen more of its key is right, and a person is about what that person saw. */
  #changedElsewhere(key: string, recorded: RecordedAlert): void {
    if (!owns(this.#options.partition, key)) return
    const own = this.#machine.get(key)?.known ?? this.#settling.causeOf(key)
    if (own === undefined || (recorded.cause !== undefined && isLater(recorded.cause, own))) {
      this.#adopt(key, recorded)
      return
    }
    const entered = this.#machine.get(key)?.entered
    const isAbout = recorded.cause === undefined || (entered !== undefined && !isLater(entered, recorded.cause))
    if (toldPhase(recorded) === 'muted' && isAbout) this.#machine.mute(key)
    this.#collectChanged()
    this.#settling.note(key, own)
    this.#settleAll()
  }

  /** Goes on from what was stored, as if everything up to its cause had been seen here. */
  #adopt(key: string, recorded: RecordedAlert): void {
    const sinceMs = millisecondsOf(recorded.alert.since)
    const cause = recorded.cause ?? { epoch: 0, seq: 0, atMs: sinceMs }
    this.#settling.forget(key)
    if (!this.#machine.adopt(key, toldPhase(recorded), sinceMs, cause)) this.#overflow(key)
  }
}
