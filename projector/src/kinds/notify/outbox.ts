import type { Logger } from '@weir/mesh'
import { asWeirError, backoffMs, type WeirError } from '@weir/proto'
import { limits } from '../../limits.ts'
import { groupOf, type Notice } from './notice.ts'

export interface OutboxOptions {
  readonly target: string
  readonly groupBy: readonly string[]
  readonly groupWaitMs: number
  readonly giveUpAfterMs: number
  /** Whether a notice is to be sent now; one that is not is somebody else's from then on. */
  readonly isWanted: (notice: Notice) => boolean
  /** Rejects with WeirError when the target did not take it; whether it is retryable counts. */
  readonly send: (group: Readonly<Record<string, string>>, notices: readonly Notice[]) => Promise<void>
  /** Resolves when it is stored somewhere that a notice was not sent. Rejects when it is not. */
  readonly putAside: (notice: Notice, error: WeirError) => Promise<void>
  readonly log: Logger
}

export interface OutboxStats {
  /** Messages that the target took. */
  sent: number
  /** Requests that failed; each is tried again, or given up. */
  sendFailures: number
  /** Notices that were given up: they are dead letters. */
  givenUp: number
}

/**
 * What is on its way to one target. Alerts of a group wait for each other and come in one message;
 * a group has one message on its way, so its changes come in their order. What a target does not
 * take is sent again, at growing distances, until `giveUpAfterMs` have passed; while nothing has
 * come through for so long each message is tried once.
 */
export class Outbox {
  readonly stats: OutboxStats = { sent: 0, sendFailures: 0, givenUp: 0 }
  readonly #options: OutboxOptions
  readonly #groups = new Map<string, Group>()
  /** Numbers of notices that are neither sent nor given up, rising. */
  readonly #unsettled = new Set<number>()
  #number = 0
  #sending = 0
  #failingSinceMs: number | undefined
  #failure: string | undefined
  #waiting: (() => void)[] = []
  #closed = false

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#unsettled.size
  }

  /** Why the target does not take messages, while it does not. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** Takes the place of an earlier change of the same alert that has not gone out. */
  put(notice: Notice, atOnce = false): void {
    const { groupBy, groupWaitMs } = this.#options
    const by = groupOf(notice, groupBy)
    const key = JSON.stringify(by)
    const group = this.#groups.get(key) ?? {
      by,
      pending: new Map(),
      dueAtMs: 0,
      batch: undefined,
      attempts: 0,
      firstAtMs: 0,
    }
    this.#groups.set(key, group)
    const nowMs = Date.now()
    if (group.pending.size === 0 && group.batch === undefined) group.dueAtMs = nowMs + groupWaitMs
    if (atOnce && group.batch === undefined) group.dueAtMs = nowMs
    const before = group.pending.get(notice.subject)
    if (before !== undefined) this.#settle(before.number)
    const number = ++this.#number
    this.#unsettled.add(number)
    group.pending.delete(notice.subject)
    group.pending.set(notice.subject, { notice, number })
  }

  /** Begins to send what is due. Called a few times a second. */
  tick(nowMs: number = Date.now()): void {
    if (this.#closed) return
    for (const [key, group] of this.#groups) {
      if (this.#sending >= limits.notifySendingMax) return
      if (group.isSending || group.dueAtMs > nowMs) continue
      group.batch ??= this.#batchOf(group, nowMs)
      if (group.batch.length === 0) {
        group.batch = undefined
        if (group.pending.size === 0) this.#groups.delete(key)
        continue
      }
      group.isSending = true
      this.#sending++
      void this.#send(group, group.batch).finally(() => {
        group.isSending = false
        this.#sending--
        this.tick()
      })
    }
  }

  /** Resolves when what was put before this call is sent or given up. */
  async flushed(): Promise<void> {
    const last = this.#number
    while (!this.#closed) {
      const [first] = this.#unsettled
      if (first === undefined || first > last) return
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    await new Promise(() => undefined)
  }

  /** While as much waits as may, a promise that resolves once something was settled. */
  relief(): Promise<void> | undefined {
    if (this.#closed || this.#unsettled.size < limits.notifyPendingMax) return undefined
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Forgets what waits: whoever put it puts it again. */
  clear(): void {
    this.#groups.clear()
    this.#unsettled.clear()
    this.#wake()
  }

  close(): void {
    this.#closed = true
    this.#wake()
  }

  #batchOf(group: Group, nowMs: number): readonly Numbered[] {
    group.firstAtMs = nowMs
    group.attempts = 0
    const batch: Numbered[] = []
    for (const [subject, numbered] of group.pending) {
      if (batch.length >= limits.notifyAlertsMax) break
      group.pending.delete(subject)
      if (this.#options.isWanted(numbered.notice)) batch.push(numbered)
      else this.#settle(numbered.number)
    }
    return batch
  }

  async #send(group: Group, batch: readonly Numbered[]): Promise<void> {
    const { send, target, log, giveUpAfterMs } = this.#options
    const notices = batch.map(({ notice }) => notice)
    try {
      await send(group.by, notices)
      this.stats.sent++
      this.#failingSinceMs = undefined
      this.#failure = undefined
      this.#done(group, batch)
    } catch (thrown) {
      const error = asWeirError(thrown)
      this.stats.sendFailures++
      const nowMs = Date.now()
      if (this.#failure === undefined) log.warn({ target, reason: error.message }, 'a notification was not taken')
      this.#failure = error.message
      this.#failingSinceMs ??= nowMs
      const failsForMs = nowMs - Math.min(group.firstAtMs, this.#failingSinceMs)
      if (error.retryable && failsForMs < giveUpAfterMs) this.#later(group, nowMs)
      else await this.#giveUp(group, batch, error)
    }
  }

  async #giveUp(group: Group, batch: readonly Numbered[], error: WeirError): Promise<void> {
    const { putAside, target, log } = this.#options
    try {
      for (const { notice, number } of batch) {
        if (!this.#unsettled.has(number)) continue
        await putAside(notice, error)
        this.stats.givenUp++
        this.#settle(number)
      }
      log.error(
        { target, alerts: batch.length, reason: error.message },
        'a notification was given up: see the dead letters',
      )
      this.#done(group, batch)
    } catch {
      this.#later(group, Date.now())
    }
  }

  #later(group: Group, nowMs: number): void {
    group.dueAtMs = nowMs + backoffMs(group.attempts++, limits.notifyRetryMs, limits.notifyRetryMaxMs)
  }

  #done(group: Group, batch: readonly Numbered[]): void {
    for (const { number } of batch) this.#settle(number)
    group.batch = undefined
    // What came meanwhile has waited long enough.
    group.dueAtMs = 0
  }

  #settle(number: number): void {
    if (this.#unsettled.delete(number)) this.#wake()
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

interface Numbered {
  readonly notice: Notice
  readonly number: number
}

interface Group {
  readonly by: Readonly<Record<string, string>>
  /** By subject, those that changed first before those that changed later. */
  readonly pending: Map<string, Numbered>
  dueAtMs: number
  /** What is on its way, or is to be sent again. */
  batch: readonly Numbered[] | undefined
  isSending?: boolean
  attempts: number
  firstAtMs: number
}
