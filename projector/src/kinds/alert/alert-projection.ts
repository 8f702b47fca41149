import type { Logger, NatsConnection } from '@weir/mesh'
import { asWeirError, checkSubject } from '@weir/proto'
import type { AlertSpec } from '../../declaration/alert-spec.ts'
import type { EventRecord } from '../../event/event-record.ts'
import { owns, type Partition } from '../../event/partition.ts'
import { limits } from '../../limits.ts'
import type { Effects, Projection } from '../../run/projection.ts'
import { alertSubject, isOpen, type RecordedAlert, toldPhase } from './alert-log.ts'
import { AlertMachine, type PhaseChange } from './alert-machine.ts'
import { AlertSettling, type ChangeNote, type DueAlert, millisecondsOf } from './alert-settling.ts'
import { type AlertText, alertText } from './alert-text.ts'
import { type Cause, isLater } from './cause.ts'
import { EarlierValues } from './earlier-values.ts'
import { EvaluationFailures } from './evaluation-failures.ts'
import { NewestTimes } from './newest-times.ts'
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
  /** Events that happened before what is known of their key, and were passed over. */
  outdated: number
  /** Keys that were not watched because there are too many. */
  overflowed: number
  changes: number
}

/**
 * Watches one rule. What a key's alert should be follows from the events it reads (AlertMachine);
 * what it is follows from the alert events that were stored (RecordedAlerts). Wherever the two
 * differ, AlertSettling stores an event that makes them equal.
 *
 * Whoever has seen less of a key takes over what was stored, and whoever has seen as much stores
 * nothing that differs. So a replica that is behind, or one that reads again after a restart, adds
 * nothing to what was told.
 */
export class AlertProjection implements Projection, Effects {
  readonly warmUpMs: number
  readonly reachMs = undefined
  /** What a bucket holds is so now, also for a rule that is new. */
  readonly fromNow: boolean
  readonly effects: Effects = this
  /** An alert is its events: there is nothing that could be made anew from them. */
  readonly rebuilding = undefined
  readonly #options: AlertProjectionOptions
  readonly #spec: AlertSpec
  readonly #recorded: RecordedAlerts
  readonly #settling: AlertSettling
  readonly #failures: EvaluationFailures
  readonly #newest = new NewestTimes(limits.alertKeysMax)
  /** What the condition compares with. */
  readonly #earlier: EarlierValues
  readonly #stats = { evaluations: 0, failures: 0, outdated: 0, overflowed: 0 }
  #machine: AlertMachine
  /** The last event of each watched key, for what a change says that time brings. */
  readonly #last = new Map<string, EventRecord>()
  #repeating = true
  /** From when on all counts again, as the rule is another one; 0 when it is not. */
  #anewAtMs = 0

  constructor(options: AlertProjectionOptions) {
    const { nc, tenant, spec, partition, log } = options
    this.#options = options
    this.#spec = spec
    this.fromNow = spec.source === 'events'
    this.#recorded = new RecordedAlerts({
      nc,
      tenant,
      rule: spec.name,
      log,
      keysMax: limits.alertKeysMax,
      onChanged: (key, recorded) => this.#changedElsewhere(key, recorded),
    })
    this.#settling = new AlertSettling({ spec, recorded: this.#recorded, due: (key) => this.#due(key), log })
    this.#failures = new EvaluationFailures({ nc, tenant, rule: spec.name, partition, log })
    this.#machine = new AlertMachine(spec, limits.alertKeysMax)
    this.#earlier = new EarlierValues(spec.when?.earlier ?? [], limits.agoSamplesMax)
    const memoryMs = spec.order === 'time' ? limits.newestMemoryMs : 0
    const waitsMs = spec.forMs + spec.keepFiringForMs + (spec.absentMs ?? 0) + (spec.noData?.afterMs ?? 0)
    this.warmUpMs = Math.max(waitsMs, memoryMs) + this.#earlier.reachMs
  }

  get stats(): AlertStats {
    return { ...this.#stats, changes: this.#settling.changes }
  }

  async open(): Promise<void> {
    await this.#settling.reset()
    this.#machine = new AlertMachine(this.#spec, limits.alertKeysMax)
    this.#last.clear()
    this.#newest.clear()
    this.#earlier.clear()
    this.#repeating = true
    this.#anewAtMs = 0
    await this.#recorded.open()
    for (const [key, recorded] of this.#recorded.all()) {
      if (owns(this.#options.partition, key)) this.#adopt(key, recorded)
    }
  }

  /**
   * What another declaration of the rule has raised is resolved, as nothing may ever come for its
   * keys, and judged anew.
   */
  async openAnew(): Promise<void> {
    await this.#settling.reset()
    this.#machine = new AlertMachine(this.#spec, limits.alertKeysMax)
    this.#failures.changed()
    const atMs = Date.now()
    this.#anewAtMs = atMs + 1
    const says = (): AlertText => ({ message: 'rule changed', labels: {} })
    for (const [key, recorded] of this.#recorded.all()) {
      if (!owns(this.#options.partition, key) || !isOpen(recorded)) continue
      const { epoch, seq } = recorded.cause ?? { epoch: 0, seq: 0 }
      this.#settling.note(key, { cause: { epoch, seq, atMs }, says, reason: 'rule changed' })
    }
  }

  take(record: EventRecord, repeated: boolean): void | Promise<void> {
    if (record.subject.startsWith('alerts.')) return
    const key = this.#spec.key.keyOf(record)
    if (!owns(this.#options.partition, key)) return
    if (!repeated) this.#repeating = false
    const holds = record.removed ? false : this.#evaluate(key, record)
    if (holds === undefined || !this.#isNews(key, record) || this.#isAccountedFor(key, record)) {
      // It may be the first that is not seen again: what was held back until then goes out.
      this.#settleAll()
      return
    }
    if (this.#machine.get(key) === undefined) checkSubject(alertSubject(this.#spec.name, key))
    this.#observe(key, holds, record)
    this.#settleAll()
    return this.#settling.relief()
  }

  idle(nowMs: number): void {
    this.#repeating = false
    this.#machine.advance(nowMs)
    this.#noteChanged(this.#machine.takeChanged())
    this.#settleAll()
    this.#failures.idle(nowMs)
  }

  async flushed(): Promise<void> {
    // What was taken again has its effects out.
    if (!this.#repeating) await this.#settling.settled()
  }

  blocked(): string | undefined {
    return this.#settling.blocked
  }

  concern(): string | undefined {
    return this.#failures.reason
  }

  targetEpoch(): Promise<number> {
    return Promise.resolve(0)
  }

  close(): void {
    this.#settling.close()
    this.#recorded.close()
    this.#failures.close()
  }

  /** Whether nothing that happened later is known of the key. */
  #isNews(key: string, record: EventRecord): boolean {
    if (this.#spec.order === 'stored' || record.removed) return true
    if (!this.#newest.isNews(key, record.happenedAtMs)) {
      this.#stats.outdated++
      return false
    }
    this.#newest.note(key, record.happenedAtMs)
    return true
  }

  /** Whether what is stored of the alert was said by somebody who had seen this event. */
  #isAccountedFor(key: string, { epoch, seq }: EventRecord): boolean {
    const cause = this.#anewAtMs > 0 ? undefined : this.#recorded.get(key)?.cause
    return cause !== undefined && cause.epoch === epoch && seq <= cause.seq
  }

  #evaluate(key: string, record: EventRecord): boolean | undefined {
    const { when } = this.#spec
    if (when === undefined) return false
    this.#stats.evaluations++
    try {
      const timeMs = this.#spec.order === 'time' ? record.happenedAtMs : record.storedAtMs
      this.#earlier.note(key, record, timeMs)
      const holds = when.holds(record, (index) => this.#earlier.at(key, index, timeMs))
      if (holds !== undefined) this.#failures.succeeded()
      return holds
    } catch (thrown) {
      this.#stats.failures++
      this.#failures.failed(record, asWeirError(thrown).message)
      return undefined
    }
  }

  #observe(key: string, holds: boolean, record: EventRecord): void {
    const { epoch, seq } = record
    const atMs = Math.max(record.storedAtMs, this.#anewAtMs)
    const cause: Cause = { epoch, seq, atMs }
    const late =
      this.#spec.order === 'time' && !record.removed && record.storedAtMs - record.happenedAtMs > limits.lateEventMs
    if (!this.#machine.observe(key, holds, cause, late)) this.#overflow(key)
    if (this.#machine.get(key) === undefined) this.#last.delete(key)
    else if (!record.removed) this.#last.set(key, record.copy())
    const changes = this.#machine.takeChanged()
    // Most events change nothing and are about nothing that fires: they cost no copy.
    if (changes.size === 0 && !this.#settling.concerns(key)) return
    const says = this.#saysOf(record)
    this.#noteChanged(changes, key, says)
    this.#settling.noteEvent(key, { cause, says })
  }

  #overflow(key: string): void {
    if (this.#stats.overflowed++ === 0) {
      this.#options.log.error({ rule: this.#spec.name, key }, 'a rule has too many keys; further ones are not watched')
    }
  }

  /** What the rule says of an event; nothing new of a key that is gone. */
  #saysOf(record: EventRecord | undefined): (() => AlertText) | undefined {
    if (record === undefined || record.removed) return undefined
    const kept = record.copy()
    return () => alertText(this.#spec, kept)
  }

  /**
   * @param key whose change comes from an event that says this; what time changes says what the
   *   last event did
   */
  #noteChanged(changes: ReadonlyMap<string, PhaseChange>, key?: string, says?: () => AlertText): void {
    for (const [changed, { cause, noData }] of changes) {
      const note: ChangeNote = { cause, says: changed === key ? says : this.#saysOf(this.#last.get(changed)) }
      this.#settling.note(changed, noData ? { ...note, reason: 'no data' } : note)
      if (this.#machine.get(changed) === undefined) this.#last.delete(changed)
    }
  }

  #settleAll(): void {
    if (!this.#repeating) this.#settling.settleAll()
  }

  #due(key: string): DueAlert {
    const { phase = 'quiet', sinceMs = 0 } = this.#machine.get(key) ?? {}
    return { phase: phase === 'pending' ? 'quiet' : phase, sinceMs }
  }

  /**
   * Somebody else changed an alert: who has seen more of its key is right, and a person is about
   * what that person saw.
   */
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
    this.#noteChanged(this.#machine.takeChanged())
    this.#settling.note(key, { cause: own, says: this.#saysOf(this.#last.get(key)) })
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
