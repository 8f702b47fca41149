import { setTimeout as sleep } from 'node:timers/promises'
import type { NatsConnection } from '@nats-io/nats-core'
import { asWeirError, backoffMs, WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { isConnected, watchConnection } from '../connection/connection-watch.ts'
import { flush } from '../connection/request.ts'
import { firstSequence } from '../read/leader-get.ts'
import { type Range, readRange } from '../read/range.ts'
import { StreamReader } from '../read/stream-reader.ts'
import type { Logger } from '../run/log.ts'
import { liveSubject, sourceStream, sourceSubject } from '../streams/layout.ts'
import { type StreamState, streamState } from '../streams/stream-state.ts'
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
  /** How often the stream is asked for its last sequence, since a lost tail shows in no gap. */
  readonly pollMs?: number
  /** How many entries that arrive during a load or a repair are held; the limits' when absent. */
  readonly heldMax?: number
  /** For how long the markers of removals can surely be read. */
  readonly markersMs?: number
}

/** What a tail counts. */
export interface TailStats {
  /** Entries that had to be read from the stream because their republication did not arrive. */
  repaired: number
  /** Times that a hole was noticed. */
  repairs: number
  gaps: number
  resets: number
  /** Entries that the stream holds past the head, as last polled. */
  lag: number
  /**
   * Times that everything was there which the stream had when it was asked, and when it was last
   * asked so, by performance.now().
   */
  checks: number
  comparedAt: number
}

/**
 * Follows one source of a tenant without a consumer of its own: the server republishes every stored
 * message once for all hubs. Republication is at most once, so the tail checks that sequences are
 * contiguous, repairs holes by direct get, polls the last sequence, and begins anew when the stream
 * is another one (creation time). After a reconnect it compares at once, and again and again until
 * JetStream answers.
 */
export class Tail {
  readonly stats: TailStats = { repaired: 0, repairs: 0, gaps: 0, resets: 0, lag: 0, checks: 0, comparedAt: 0 }
  readonly #options: TailOptions
  readonly #stream: string
  /** All subjects of the source as its stream knows them. */
  readonly #filter: string
  readonly #storePrefixLength: number
  readonly #handover: Handover
  #subscription: { unsubscribe(): void } | undefined
  #timer: NodeJS.Timeout | undefined
  /** Of a check that failed. */
  #retry: NodeJS.Timeout | undefined
  #failures = 0
  #watch: { stop(): void } | undefined
  /** Of the table, while that is loaded. */
  #reader: StreamReader | undefined
  #closed = false
  #checking = false
  /** A check was asked for since the last one began. */
  #wanted = false

  constructor(options: TailOptions) {
    const { tenant, source, sink, heldMax = limits.heldMax } = options
    this.#options = options
    this.#handover = new Handover(sink, { heldMax, heldBytesMax: limits.heldBytesMax })
    this.#stream = sourceStream(tenant, source)
    this.#filter = `${sourceSubject(tenant, source)}.>`
    this.#storePrefixLength = this.#filter.length - 1
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
      this.#checking = true
      this.stats.comparedAt = performance.now()
      await this.#load(await this.#state())
    } catch (thrown) {
      this.close()
      throw thrown
    }
    this.#checking = false
    if (this.#wanted) void this.#check()
    this.#timer = setInterval(() => void this.#check(), this.#options.pollMs ?? limits.tailPollMs)
    // A reconnect is when republications are lost.
    this.#watch = watchConnection(nc, { restored: () => this.#suspect() })
  }

  /**
   * Compares with the stream now rather than at the next poll; `stats.checks` says when it was
   * done.
   */
  compare(): void {
    void this.#check()
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
    clearTimeout(this.#retry)
    this.#subscription?.unsubscribe()
    this.#watch?.stop()
    this.#reader?.close()
  }

  /** Hands nothing on until it was compared with the stream. */
  #suspect(): void {
    if (this.#closed) return
    this.#handover.stop()
    void this.#check()
  }

  /** Compares with the stream, and reads what did not arrive. One at a time; never throws. */
  async #check(): Promise<void> {
    this.#wanted = true
    if (this.#checking || this.#closed) return
    this.#checking = true
    clearTimeout(this.#retry)
    try {
      while (this.#wanted && !this.#closed) {
        this.#wanted = false
        const asked = performance.now()
        await this.#compare(asked)
        this.#failures = 0
        if (this.#wanted) continue
        this.stats.checks++
        this.stats.comparedAt = asked
      }
    } catch (thrown) {
      this.#checkFailed(thrown)
    } finally {
      this.#checking = false
    }
  }

  async #compare(asked: number): Promise<void> {
    const { source, markersMs = limits.expiryMarkerMs / 2 } = this.#options
    const askedHead = this.#handover.head
    let state = await this.#state()
    if (state.lastSeq < askedHead) {
      // The new leader of a cluster may not have applied all that the old one had.
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
   * Soon, as after a reconnect JetStream may need a moment; a connection that is lost says itself
   * when it is there again.
   */
  #checkFailed(thrown: unknown): void {
    if (this.#closed) return
    const { log, nc } = this.#options
    if (this.#failures === 0) log.warn({ err: thrown, stream: this.#stream }, 'tail check failed; will try again')
    if (!isConnected(nc)) return
    const waitMs = backoffMs(this.#failures++, limits.tailRetryMs, limits.tailRetryMaxMs)
    this.#retry = setTimeout(() => void this.#check(), waitMs)
  }

  async #reload(state: StreamState): Promise<void> {
    try {
      await this.#load(state)
    } catch (thrown) {
      // The next check begins again.
      this.#handover.spoil()
      throw thrown
    }
  }

  /**
   * What the stream has just stored is usually on its way: only what is still missing after a
   * moment was lost.
   */
  async #await(last: number): Promise<void> {
    this.stats.lag = last - this.#handover.head
    await sleep(limits.tailGraceMs)
    if (this.#handover.head < last) this.#suspect()
  }

  /**
   * Hands on everything up to `last` or beyond: what is held where it is held, the rest read from
   * the stream. Whoever calls has just asked for the state, and after each read it is asked again:
   * whatever came before the answer is of this incarnation.
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
      // Under way while this one is handed on; nobody waits for the one past the last.
      next = more && end < target ? this.#read(end + 1) : undefined
      next?.catch(() => undefined)
      const isLost = !more && end < target && (await this.#isEnd(end))
      const isOther = (await this.#state()).epoch !== handover.epoch
      if (this.#closed) return
      if (isOther) {
        this.#wanted = true
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
   * Whether nothing follows: a direct get may be answered by a replica that is behind, so only the
   * leader's word makes a gap of an end that was not found. Until a replica has caught up, the next
   * turn of the repair asks again.
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

  /** Loads the newest entry of each subject, then lets what arrived meanwhile follow. */
  async #load(state: StreamState): Promise<void> {
    this.#handover.begin(state.epoch)
    if (state.messages > 0) await this.#loadTable(state)
    // The table, and what arrived meanwhile, may be another's: nothing that is read says whose it
    // is.
    const now = await this.#state()
    if (this.#closed) return
    if (isAnother(now, state)) return await this.#load(now)
    this.#handover.loaded(state.lastSeq, Math.min(now.firstSeq, state.lastSeq + 1))
    await this.#repair(now.lastSeq)
  }

  async #loadTable(state: StreamState): Promise<void> {
    const reader = new StreamReader({ nc: this.#options.nc, stream: this.#stream, start: 'latest' })
    this.#reader = reader
    // A reader waits for what it has not read, which never comes when the stream has become another
    // one.
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
      throw new WeirError('not_found', `The tenant "${tenant}" has no source "${source}".`, { cause: thrown })
    }
  }
}
