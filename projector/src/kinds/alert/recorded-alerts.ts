import { setTimeout as sleep } from 'node:timers/promises'
import {
  bucketStream,
  eventShards,
  eventStream,
  eventSubject,
  keySubject,
  type Logger,
  type NatsConnection,
  StreamReader,
} from '@weir/mesh'
import { Removal } from '@weir/proto'
import { alertsBucket } from '../../event/alerts-bucket.ts'
import { limits } from '../../limits.ts'
import { type AlertChange, AlertLog, alertSubject, isOpen, type RecordedAlert, recordedAlert } from './alert-log.ts'

export interface RecordedAlertsOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly rule: string
  readonly log: Logger
  readonly keysMax: number
  /** Somebody else changed an alert: a person, or another replica. */
  readonly onChanged: (key: string, recorded: RecordedAlert) => void
}

/**
 * What is stored of one rule's alerts: read when it opens, followed from then on, and changed by
 * compare-and-set.
 */
export class RecordedAlerts {
  readonly #options: RecordedAlertsOptions
  readonly #log: AlertLog
  #alerts = new Map<string, RecordedAlert>()
  readonly #followers: Set<StreamReader> = new Set()
  #closed = false

  constructor(options: RecordedAlertsOptions) {
    this.#options = options
    this.#log = new AlertLog(options.nc, options.tenant)
  }

  get(key: string): RecordedAlert | undefined {
    return this.#alerts.get(key)
  }

  all(): ReadonlyMap<string, RecordedAlert> {
    return this.#alerts
  }

  /** Learns anew what is stored. */
  async open(): Promise<void> {
    const { nc, tenant, rule } = this.#options
    this.#endFollowers()
    this.#alerts = new Map()
    const filter = alertSubject(rule, '>')
    const bucketPrefix = keySubject(tenant, alertsBucket, alertSubject(rule, '')).length
    const bucket = bucketStream(tenant, alertsBucket)
    await readAll(nc, bucket, keySubject(tenant, alertsBucket, filter), (subject, _seq, payload) => {
      // The sequence of the event is unknown while the events may not hold it any more: those that
      // do follow below.
      this.#enter(subject.slice(bucketPrefix), recordedAlert(0, payload))
    })
    // All events of one alert lie in one shard, so that their sequences can be compared.
    const shards = await eventShards(nc, tenant)
    for (const shard of shards) {
      const eventPrefix = eventSubject(shard, alertSubject(rule, '')).length
      const events = eventSubject(shard, filter)
      await readAll(nc, eventStream(shard), events, (subject, seq, payload) => {
        this.#enter(subject.slice(eventPrefix), recordedAlert(seq, payload))
      })
    }
    for (const shard of shards) void this.#follow(shard)
  }

  /**
   * Stores what an alert is to become. False when somebody else changed it: what is stored instead
   * is known by then. Throws `unavailable`.
   */
  async append(change: AlertChange): Promise<boolean> {
    const { rule, key } = change
    const stored = await this.#log.append(change, this.#alerts.get(key)?.seq ?? 0)
    if (stored !== undefined) {
      this.#enter(key, stored)
      return true
    }
    const last = await this.#log.last(alertSubject(rule, key))
    if (last === undefined) this.#alerts.delete(key)
    // The events have lost it to their retention, and so does what is known of it here.
    else if (last.seq === 0) this.#alerts.set(key, last)
    else this.#enter(key, last)
    const known = this.#alerts.get(key)
    if (known !== undefined) this.#options.onChanged(key, known)
    return false
  }

  close(): void {
    this.#closed = true
    this.#endFollowers()
    this.#log.close()
  }

  /** Until the next `open`; begun again when it breaks. */
  async #follow(shard: string): Promise<void> {
    const { nc, rule, log, onChanged } = this.#options
    const stream = eventStream(shard)
    const filter = eventSubject(shard, alertSubject(rule, '>'))
    const prefix = filter.length - 1
    for (;;) {
      const follower = new StreamReader({ nc, stream, filters: [filter], start: 'latest' })
      this.#followers.add(follower)
      try {
        await follower.run(({ subject, seq, payload }) => {
          const key = subject.slice(prefix)
          const recorded = recordedAlert(seq, payload)
          if (this.#enter(key, recorded)) onChanged(key, recorded)
          return undefined
        })
      } catch (cause) {
        log.warn({ err: cause, rule }, 'alerts cannot be followed; will try again')
      }
      await sleep(limits.restartMs)
      if (this.#closed || !this.#followers.delete(follower)) return
    }
  }

  #endFollowers(): void {
    for (const follower of this.#followers) follower.close()
    this.#followers.clear()
  }

  /** False when a later event of the alert is known. */
  #enter(key: string, recorded: RecordedAlert): boolean {
    const known = this.#alerts.get(key)
    if (known !== undefined && recorded.seq <= known.seq) return false
    // In the order of their last change, so that those which nothing has happened to for longest
    // come first.
    this.#alerts.delete(key)
    this.#alerts.set(key, recorded)
    if (this.#alerts.size > this.#options.keysMax) this.#forget()
    return true
  }

  /**
   * Makes room: an alert that is over costs a conflict and a look at what is stored should it ever
   * fire again.
   */
  #forget(): void {
    let left = Math.ceil(this.#options.keysMax / 10)
    for (const [key, recorded] of this.#alerts) {
      if (isOpen(recorded)) continue
      this.#alerts.delete(key)
      if (--left === 0) return
    }
  }
}

type Handle = (subject: string, seq: number, payload: Uint8Array) => void

/** The newest message of each subject that is stored now. */
async function readAll(nc: NatsConnection, stream: string, filter: string, handle: Handle): Promise<void> {
  const reader = new StreamReader({ nc, stream, filters: [filter], start: 'latest' })
  await reader.runToHead(({ subject, seq, payload, removal }) => {
    if (removal === Removal.UNSPECIFIED) handle(subject, seq, payload)
    return undefined
  })
}
