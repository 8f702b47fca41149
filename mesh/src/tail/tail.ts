import { setTimeout as sleep } from 'node:timers/promises'
import type { NatsConnection } from '@nats-io/nats-core'
import { asWeirError, WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { isConnected, watchConnection } from '../connection/connection-watch.ts'
import { flush } from '../connection/request.ts'
import { firstSequence } from '../read/leader-get.ts'
import { type Range, readRange } from '../read/range.ts'
import { StreamReader } from '../read/stream-reader.ts'
import type { Logger } from '../run/log.ts'
import { liveSubject, sourceStream, sourceSubject } from '../streams/layout.ts'
import { type StreamState, streamState } from '../streams/stream-state.ts'
import { CheckLoop } from './check-loop.ts'
import { compareWithStream, isAnother } from './comparison.ts'
import { Handover } from './handover.ts'
import { subscribeLive } from './live-subscription.ts'
import type { TailSink } from './tail-sink.ts'

export interface TailOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly source: string
  readonly sink: TailSink
  readonly log: Logger
  /**
   * Milliseconds between requests for the stream's last sequence: the loss of the newest entries
   * leaves no hole in the sequences.
   */
  readonly pollMs?: number
  /** Most entries that are held during a load or a repair; the value of limits.ts when absent. */
  readonly heldMax?: number
  /** How many milliseconds the markers of removals are certain to stay readable. */
  readonly markersMs?: number
}

/** Counters of a tail. */
export interface TailStats {
  /** Entries that the tail read from the stream because their republication did not arrive. */
  repaired: number
  /** Holes that the tail noticed. */
  repairs: number
  gaps: number
  resets: number
  /** Entries that the stream had past the head at the last poll. */
  lag: number
  /**
   * `checks` counts the comparisons that found the tail complete; `comparedAt` is when the last of
   * them was asked for, by performance.now().
   */
  checks: number
  comparedAt: number
}

/**
 * Follows one source of a tenant without a consumer: the server republishes every stored message
 * once for all hubs. Republication is at most once. So the tail checks that sequences are
 * contiguous, repairs holes by direct get, polls the last sequence, and begins anew when the
 * creation time of the stream changes. After a reconnect it compares itself with the stream at
 * once, and repeats that until JetStream answers.
 */
export class Tail {
  readonly stats: TailStats = { repaired: 0, repairs: 0, gaps: 0, resets: 0, lag: 0, checks: 0, comparedAt: 0 }
  readonly #options: TailOptions
  readonly #stream: string
  /** Filter of all subjects of the source in its stream. */
  readonly #filter: string
  readonly #storePrefixLength: number
  readonly #handover: Handover
  /** Comparisons with the stream. */
  readonly #checks: CheckLoop
  #subscription: { unsubscribe(): void } | undefined
  #watch: { stop(): void } | undefined
  /** Reader of the table while that is loaded. */
  #reader: StreamReader | undefined
  #closed = false

  constructor(options: TailOptions) {
    const { tenant, source, sink, heldMax = limits.heldMax } = options
    this.#options = options
    this.#handover = new Handover(sink, { heldMax, heldBytesMax: limits.heldBytesMax })
    this.#stream = sourceStream(tenant, source)
    this.#filter = `${sourceSubject(tenant, source)}.>`
    this.#storePrefixLength = this.#filter.length - 1
    this.#checks = new CheckLoop({
      check: (startedAt) => this.#compare(startedAt),
      completed: (startedAt) => {
        this.stats.checks++
        this.stats.comparedAt = startedAt
      },
      failed: (thrown, before) => this.#checkFailed(thrown, before),
    })
  }

  /** Sequence of the last entry that was handed on. */
  get head(): number {
    return this.#handover.head
  }

  get epoch(): number {
    return this.#handover.epoch
  }

  /**
   * Resolves when the table is loaded. Throws `not_found` when there is no such stream,
   * `unavailable` when NATS is away.
   */
  async open(): Promise<void> {
    const { nc, tenant, source } = this.#options
    const handover = this.#handover
    this.#subscription = subscribeLive(nc, liveSubject(tenant, source), (subject, payload, headed) => {
      if (handover.arrived(subject, payload, headed)) this.#suspect()
    })
    try {
      await flush(nc)
      this.stats.comparedAt = performance.now()
      await this.#load(await this.#state())
    } catch (thrown) {
      this.close()
      throw thrown
    }
    if (this.#closed) return
    this.#checks.begin(this.#options.pollMs ?? limits.tailPollMs)
    // Republications are lost while there is no connection.
    this.#watch = watchConnection(nc, { restored: () => this.#suspect() })
  }

  /**
   * Compares the tail with the stream now rather than at the next poll; `stats.checks` grows when
   * that is done.
   */
  compare(): void {
    this.#checks.ask()
  }

  close(): void {
    this.#closed = true
    this.#checks.close()
    this.#subscription?.unsubscribe()
    this.#watch?.stop()
    this.#reader?.close()
  }

  /** Holds entries until the tail has been compared with the stream. */
  #suspect(): void {
    if (this.#closed) return
    this.#handover.stop()
    this.#checks.ask()
  }

  /** Compares the tail with the stream and reads what did not arrive. */
  async #compare(asked: number): Promise<void> {
    const { source, markersMs = limits.expiryMarkerMs / 2 } = this.#options
    const askedHead = this.#handover.head
    let state = await this.#state()
    if (state.lastSeq < askedHead) {
      // A new leader of a cluster may not have applied all that the old one had.
      await sleep(limits.tailGraceMs)
      state = await this.#state()
    }
    const { epoch, head, flowing } = this.#handover
    const uncomparedMs = asked - this.stats.comparedAt
    const markers = source === 'events' ? undefined : markersMs
    const outcome = compareWithStream(state, { epoch, askedHead, head, flowing, uncomparedMs, markersMs: markers })
    if (this.#closed) return
    switch (outcome.kind) {
      case 'void':
        this.#options.log.warn({ stream: this.#stream }, outcome.why)
        if (outcome.reset) this.stats.resets++
        return await this.#reload(state)
      case 'late':
        return await this.#await(state.lastSeq)
      case 'repair':
        await this.#repair(state.lastSeq)
    }
  }

  /**
   * After a reconnect JetStream may need a moment. While NATS is disconnected no check is planned,
   * since the reconnect causes one.
   */
  #checkFailed(thrown: unknown, before: number): boolean {
    if (this.#closed) return false
    const { log, nc } = this.#options
    if (before === 0) log.warn({ err: thrown, stream: this.#stream }, 'tail check failed; will try again')
    return isConnected(nc)
  }

  async #reload(state: StreamState): Promise<void> {
    try {
      await this.#load(state)
    } catch (thrown) {
      // The next check loads the table again.
      this.#handover.spoil()
      throw thrown
    }
  }

  /**
   * Waits a moment for entries that the stream has just stored, and repairs what is missing after
   * it.
   */
  async #await(last: number): Promise<void> {
    this.stats.lag = last - this.#handover.head
    await sleep(limits.tailGraceMs)
    if (this.#handover.head < last) this.#suspect()
  }

  /**
   * Hands on everything up to `last` or beyond: held entries where they are held, the others from
   * the stream. The caller has just asked for the stream's state. The repair asks for it again
   * after each read: what was read before the answer is of the same incarnation.
   */
  async #repair(last: number): Promise<void> {
    const handover = this.#handover
    handover.passHeld()
    let target = Math.max(last, handover.lastHeld)
    if (handover.head < target) this.stats.repairs++
    let next: Promise<Range> | undefined
    while (handover.head < target) {
      this.stats.lag = target - handover.head
      const { messages, more } = await (next ?? this.#read(handover.head + 1))
      const end = messages.at(-1)?.seq ?? handover.head
      // The next range is read while this one is handed on. Nobody awaits the one past the last.
      next = more && end < target ? this.#read(end + 1) : undefined
      next?.catch(() => undefined)
      const isLost = !more && end < target && (await this.#isEnd(end))
      const isOther = (await this.#state()).epoch !== handover.epoch
      if (this.#closed) return
      if (isOther) {
        this.#checks.ask()
        return
      }
      for (const { subject, seq, payload, removal } of messages) {
        if (seq <= handover.head) continue
        if (seq > handover.head + 1) this.#gap(seq - 1)
        this.stats.repaired++
        handover.pass(subject.slice(this.#storePrefixLength), seq, payload, removal)
      }
      if (isLost && handover.head < target) this.#gap(target)
      handover.passHeld()
      target = Math.max(target, handover.lastHeld)
    }
    this.stats.lag = 0
    handover.flow()
  }

  /**
   * Whether the stream has nothing from this sequence on. A replica that is behind may answer a
   * direct get, so only the leader's answer makes a missing end a gap. Otherwise the next turn of
   * the repair reads again.
   */
  async #isEnd(seq: number): Promise<boolean> {
    if ((await firstSequence(this.#options.nc, this.#stream, seq + 1, this.#filter)) === undefined) return true
    await sleep(limits.tailGraceMs)
    return false
  }

  #gap(to: number): void {
    this.stats.gaps++
    this.#handover.gap(to)
  }

  #read(seq: number): Promise<Range> {
    const range = { messagesMax: limits.tailReadMessages, bytesMax: limits.tailReadBytes }
    return readRange(this.#options.nc, this.#stream, { seq, filter: this.#filter, ...range })
  }

  /** Loads the newest entry of each subject, then hands on what arrived meanwhile. */
  async #load(state: StreamState): Promise<void> {
    this.#handover.begin(state.epoch)
    if (state.messages > 0) await this.#loadTable(state)
    // The stream may have been made anew meanwhile, and no message says of which incarnation it is.
    const now = await this.#state()
    if (this.#closed) return
    if (isAnother(now, state)) return await this.#load(now)
    this.#handover.loaded(state.lastSeq, Math.min(now.firstSeq, state.lastSeq + 1))
    await this.#repair(now.lastSeq)
  }

  async #loadTable(state: StreamState): Promise<void> {
    const reader = new StreamReader({ nc: this.#options.nc, stream: this.#stream, start: 'latest' })
    this.#reader = reader
    // A reader waits for entries that never come when the stream has been made anew.
    const watch = setInterval(() => {
      this.#state().then(
        (now) => isAnother(now, state) && reader.close(),
        (thrown) => asWeirError(thrown).code === 'not_found' && reader.close(),
      )
    }, this.#options.pollMs ?? limits.tailPollMs)
    try {
      await reader.runToHead(({ subject, seq, payload, removal }) => {
        if (seq > state.lastSeq) return 'stop'
        this.#handover.pass(subject.slice(this.#storePrefixLength), seq, payload, removal)
        return undefined
      })
    } finally {
      clearInterval(watch)
      this.#reader = undefined
    }
  }

  async #state(): Promise<StreamState> {
    try {
      return await streamState(this.#options.nc, this.#stream)
    } catch (thrown) {
      if (asWeirError(thrown).code !== 'not_found') throw thrown
      const { tenant, source } = this.#options
      const message = `The tenant "${tenant}" has no source "${source}": sources are "events" and its buckets.`
      throw new WeirError('not_found', message, { cause: thrown })
    }
  }
}
