import {
  bucketStream,
  eventStream,
  eventSubject,
  keySubject,
  type Logger,
  type NatsConnection,
  StreamReader,
} from '@weir/mesh'
import { Alert_Severity, Alert_Status, asWeirError, checkSubject } from '@weir/proto'
import {
  type AlertChange,
  AlertLog,
  alertSubject,
  alertsBucket,
  isOpen,
  type RecordedAlert,
  recordedAlert,
} from '../alerts/alert-log.ts'
import type { AlertSpec } from '../declaration/projection-spec.ts'
import type { EventRecord } from '../event-record.ts'
import { AlertMachine, type KeyAlert } from '../fold/alert-machine.ts'
import { limits } from '../limits.ts'
import { owns, type Partition } from '../partition.ts'
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
 * alert events that were stored. Wherever the two differ it stores an event that makes them equal, and nothing while it only
 * sees again what it has seen before a restart.
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
  readonly #alerts: AlertLog
  #machine: AlertMachine
  #recorded = new Map<string, RecordedAlert>()
  /** What the message of a key's alert says, from the event that made it pending or is its last. */
  readonly #messages = new Map<string, () => string>()
  readonly #changing = new Map<string, Promise<void>>()
  /** Keys whose alert may differ from what is stored of it. */
  readonly #unsettled = new Set<string>()
  #follower: StreamReader | undefined
  #repeating = true
  #blocked: string | undefined
  #closed = false
  #failureLoggedAtMs = 0

  constructor(options: AlertProjectionOptions) {
    const { spec } = options
    this.#options = options
    this.#spec = spec
    this.#alerts = new AlertLog(options.nc, options.tenant)
    this.#machine = new AlertMachine(spec, limits.alertKeysMax)
    this.warmUpMs = spec.forMs + spec.keepFiringForMs + (spec.absentMs ?? 0)
  }

  get watchedKeys(): number {
    return this.#machine.size
  }

  async open(): Promise<void> {
    this.#follower?.close()
    this.#follower = undefined
    await Promise.all(this.#changing.values())
    this.#machine = new AlertMachine(this.#spec, limits.alertKeysMax)
    this.#recorded = new Map()
    this.#messages.clear()
    this.#unsettled.clear()
    this.#repeating = true
    await this.#loadRecorded()
    for (const [key, recorded] of this.#recorded) {
      if (isOpen(recorded)) this.#machine.restore(key, msOf(recorded.alert.since))
    }
  }

  take(record: EventRecord, repeated: boolean): void | Promise<void> {
    if (record.subject.startsWith('alerts.')) return
    const key = this.#spec.key.keyOf(record)
    if (!owns(this.#options.partition, key)) return
    const holds = record.removed ? false : this.#evaluate(record)
    if (!repeated) this.#repeating = false
    if (holds === undefined) return
    const known = this.#machine.get(key)
    if (known === undefined) checkSubject(alertSubject(this.#spec.name, key))
    if (!this.#machine.observe(key, holds, record.storedAtMs)) this.#overflow(key)
    this.#keepMessage(key, known, record)
    this.#settleChanged(record.storedAtMs)
    if (this.#changing.size >= changesMax) return Promise.race(this.#changing.values())
  }

  idle(nowMs: number): void {
    this.#repeating = false
    this.#machine.advance(nowMs)
    this.#settleChanged(nowMs)
  }

  async flushed(): Promise<void> {
    const before = [...this.#unsettled]
    while (!this.#closed && before.some((key) => this.#unsettled.has(key))) await sleep(settlePollMs)
  }

  blocked(): string | undefined {
    return this.#blocked
  }

  targetEpoch(): Promise<number> {
    return Promise.resolve(0)
  }

  close(): void {
    this.#closed = true
    this.#follower?.close()
    this.#alerts.close()
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
    if (phase === undefined) this.#messages.delete(key)
    else if (this.#spec.absentMs !== undefined || (before === undefined && phase !== 'quiet')) {
      const kept = record.copy()
      this.#messages.set(key, () => this.#spec.message(kept))
    }
  }

  #settleChanged(atMs: number): void {
    for (const key of this.#machine.takeChanged()) this.#unsettled.add(key)
    if (this.#repeating) return
    for (const key of this.#unsettled) this.#settle(key, atMs)
  }

  /** Stores what is missing to make the alert of a key what it should be; one change at a time. */
  #settle(key: string, atMs: number): void {
    if (this.#changing.has(key)) return
    const change = this.#missingChange(key, atMs)
    if (change === undefined) {
      this.#unsettled.delete(key)
      return
    }
    const changing = this.#store(key, change).finally(() => {
      this.#changing.delete(key)
    })
    this.#changing.set(key, changing)
  }

  #missingChange(key: string, atMs: number): AlertChange | undefined {
    const should = this.#machine.get(key)
    const recorded = this.#recorded.get(key)
    const open = recorded !== undefined && isOpen(recorded)
    const { name: rule, severity } = this.#spec
    const common = { rule, key, severity: Alert_Severity[severity], by: '', atMs }
    if (should?.phase === 'firing' && !open) {
      const message = this.#messages.get(key)?.() ?? ''
      return { ...common, status: Alert_Status.FIRING, message, sinceMs: should.sinceMs }
    }
    if (open && should?.phase !== 'firing' && should?.phase !== 'muted') {
      const { message, since } = recorded.alert
      return { ...common, status: Alert_Status.RESOLVED, message, sinceMs: msOf(since) }
    }
    return undefined
  }

  async #store(key: string, change: AlertChange): Promise<void> {
    const before = this.#recorded.get(key)
    try {
      const stored = await this.#alerts.append(change, before?.seq ?? 0)
      this.#blocked = undefined
      // On a conflict somebody else changed the alert: its event is on its way to the follower.
      if (stored === undefined) return
      this.#enter(key, stored)
      this.stats.changes++
      const { rule, status, message } = change
      this.#options.log.info({ rule, key, status: Alert_Status[status], message }, 'an alert changed')
    } catch (thrown) {
      this.#blocked = asWeirError(thrown).message
    }
  }

  /** Reads what is stored of this rule's alerts, and follows it. */
  async #loadRecorded(): Promise<void> {
    const { nc, tenant } = this.#options
    const filter = alertSubject(this.#spec.name, '>')
    const bucketPrefix = keySubject(tenant, alertsBucket, alertSubject(this.#spec.name, '')).length
    const stream = bucketStream(tenant, alertsBucket)
    await readAll(nc, stream, keySubject(tenant, alertsBucket, filter), (subject, _seq, payload) => {
      // The sequence of the event is unknown while the events may not hold it any more: those that do follow below.
      this.#enter(subject.slice(bucketPrefix), recordedAlert(0, payload))
    })
    const eventPrefix = eventSubject(tenant, alertSubject(this.#spec.name, '')).length
    const events = eventSubject(tenant, filter)
    await readAll(nc, eventStream(tenant), events, (subject, seq, payload) => {
      this.#enter(subject.slice(eventPrefix), recordedAlert(seq, payload))
    })
    void this.#follow(events, eventPrefix)
  }

  /** Until the next `open`; begun again when it breaks, as without it no conflict would ever be settled. */
  async #follow(filter: string, prefix: number): Promise<void> {
    const { nc, tenant, log } = this.#options
    const follower = new StreamReader({ nc, stream: eventStream(tenant), filters: [filter], start: 'latest' })
    this.#follower = follower
    try {
      await follower.run(({ subject, seq, payload, storedAtMs }) => {
        const key = subject.slice(prefix)
        const recorded = recordedAlert(seq, payload)
        if (this.#enter(key, recorded)) this.#heed(key, recorded, storedAtMs)
        return undefined
      })
    } catch (cause) {
      log.warn({ err: cause, rule: this.#spec.name }, 'alerts cannot be followed; will try again')
    }
    await sleep(limits.restartMs)
    if (!this.#closed && this.#follower === follower) await this.#follow(filter, prefix)
  }

  /** False when a later event of the alert is known. */
  #enter(key: string, recorded: RecordedAlert | undefined): boolean {
    const known = this.#recorded.get(key)
    if (recorded === undefined || (known !== undefined && recorded.seq <= known.seq)) return false
    this.#recorded.set(key, recorded)
    return true
  }

  /** What a person did counts; what the rule did is what it wanted. */
  #heed(key: string, recorded: RecordedAlert | undefined, atMs: number): void {
    if (recorded === undefined || !owns(this.#options.partition, key)) return
    if (recorded.alert.status === Alert_Status.RESOLVED && recorded.alert.by !== '') this.#machine.mute(key, atMs)
    this.#unsettled.add(key)
    this.#settleChanged(atMs)
  }
}

/** How often it is looked whether all changes are stored. */
const settlePollMs = 20

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Changes that are stored at once; then the reader waits. */
const changesMax = 256

type Handle = (subject: string, seq: number, payload: Uint8Array) => void

/** The newest message of each subject that is stored now. */
async function readAll(nc: NatsConnection, stream: string, filter: string, handle: Handle): Promise<void> {
  const reader = new StreamReader({ nc, stream, filters: [filter], start: 'latest' })
  await reader.runToHead(({ subject, seq, payload, removal }) => {
    if (removal === 0) handle(subject, seq, payload)
    return undefined
  })
}

function msOf(time: { readonly seconds: bigint; readonly nanos: number } | undefined): number {
  return time === undefined ? 0 : Number(time.seconds) * 1000 + Math.floor(time.nanos / 1_000_000)
}
