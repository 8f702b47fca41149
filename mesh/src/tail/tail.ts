import type { NatsConnection } from '@nats-io/nats-core'
import { asWeirError, Removal, WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { onReconnect } from '../connection/reconnects.ts'
import { firstSequence } from '../read/leader-get.ts'
import { type Range, readRange } from '../read/range.ts'
import { liveSequence, removalOf } from '../read/server-header.ts'
import { StreamReader } from '../read/stream-reader.ts'
import type { Logger } from '../run/log.ts'
import { liveSubject, sourceStream, sourceSubject } from '../streams/layout.ts'
import { type StreamState, streamState } from '../streams/stream-state.ts'
import { HeldEntries } from './held-entries.ts'
import type { Headed } from './live-parser.ts'
import { subscribeLive } from './live-subscription.ts'

/** Receives a source as one log: the newest entry of each subject first, then everything that follows. */
export interface TailSink {
  /** An incarnation of the stream begins, or a bucket is read again; whatever was held is void. */
  begin(epoch: number): void
  /** One entry, in the order of seq. The payload is a view that is good during the call only. */
  entry(subject: string, seq: number, payload: Uint8Array, removal: Removal): void
  /**
   * Everything in [first, head] that is the newest of its subject was handed on, and what was before has been dropped by
   * retention; from here on the log is complete.
   */
  loaded(head: number, first: number): void
  /** The entries in (from, to] cannot be had: the stream no longer holds them. */
  gap(from: number, to: number): void
}

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
  /** Times that everything was there which the stream had when it was asked, and when it was last asked so, by performance.now(). */
  checks: number
  comparedAt: number
}

/**
 * Follows one source of a tenant without a consumer of its own: the server republishes every stored message once for all
 * hubs. Republication is at most once, so the tail checks that sequences are contiguous, repairs holes by direct get, polls
 * the last sequence, and begins anew when the stream is another one (creation time).
 */
export class Tail {
  readonly stats: TailStats = { repaired: 0, repairs: 0, gaps: 0, resets: 0, lag: 0, checks: 0, comparedAt: 0 }
  readonly #options: TailOptions
  readonly #stream: string
  /** All subjects of the source as its stream knows them. */
  readonly #filter: string
  readonly #storePrefixLength: number
  #subscription: { unsubscribe(): void } | undefined
  #timer: NodeJS.Timeout | undefined
  #status: { stop(): void } | undefined
  /** Of the table, while that is loaded. */
  #reader: StreamReader | undefined
  #closed = false
  #epoch = 0
  #head = 0
  /** Undefined while entries flow straight through. */
  #held: HeldEntries | undefined
  #checking = false
  /** A check was asked for since the last one began. */
  #wanted = false

  constructor(options: TailOptions) {
    this.#options = options
    this.#held = this.#hold()
    this.#stream = sourceStream(options.tenant, options.source)
    this.#filter = `${sourceSubject(options.tenant, options.source)}.>`
    this.#storePrefixLength = this.#filter.length - 1
  }

  /** Sequence of the last entry that was handed on. */
  get head(): number {
    return this.#head
  }

  get epoch(): number {
    return this.#epoch
  }

  /** Resolves when the table is loaded. Throws `not_found` when there is no such stream, `unavailable` when NATS is away. */
  async open(): Promise<void> {
    const { nc, tenant, source } = this.#options
    this.#subscription = subscribeLive(nc, liveSubject(tenant, source), (subject, payload, headed) =>
      this.#receive(subject, payload, headed),
    )
    try {
      await nc.flush().catch((cause) => {
        throw new WeirError('unavailable', 'The connection to NATS broke; try again.', { cause })
      })
      this.#checking = true
      this.stats.comparedAt = performance.now()
      await this.#load(await this.#state())
    } catch (thrown) {
      this.close()
      throw thrown
    }
    this.#checking = false
    if (this.#wanted) void this.#check()
    this.#timer = setInterval(() => void this.#check(), this.#options.pollMs ?? pollMs)
    // A reconnect is when republications are lost.
    this.#status = onReconnect(this.#options.nc, () => this.#suspect())
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
    this.#subscription?.unsubscribe()
    this.#status?.stop()
    this.#reader?.close()
    this.#held = undefined
  }

  /** Compares with the stream now rather than at the next poll; `stats.checks` says when it was done. */
  compare(): void {
    void this.#check()
  }

  #receive(subject: string, payload: Uint8Array, headed: Headed): void {
    const seq = liveSequence(payload)
    if (seq <= this.#head) {
      // Repaired already, or of another incarnation, which would soon go past the head of this one.
      this.#suspect()
      return
    }
    const removal = payload.length === 0 ? removalOf(headed) : Removal.UNSPECIFIED
    if (this.#held === undefined && seq === this.#head + 1) {
      this.#head = seq
      this.#options.sink.entry(subject, seq, payload, removal)
      return
    }
    if (this.#held === undefined) this.#suspect()
    const held = this.#held
    // A Buffer's own slice would not copy.
    held?.add(seq, held.hasRoom ? { subject, payload: new Uint8Array(payload), removal } : undefined)
  }

  #hold(): HeldEntries {
    const { heldMax = limits.heldMax } = this.#options
    return new HeldEntries({ heldMax, heldBytesMax: limits.heldBytesMax })
  }

  /** Hands nothing on until it was compared with the stream. */
  #suspect(): void {
    if (this.#closed) return
    this.#held ??= this.#hold()
    void this.#check()
  }

  /** Compares with the stream, and reads what did not arrive. One at a time; never throws. */
  async #check(): Promise<void> {
    this.#wanted = true
    if (this.#checking || this.#closed) return
    this.#checking = true
    try {
      while (this.#wanted && !this.#closed) {
        this.#wanted = false
        const asked = performance.now()
        const head = this.#head
        let state = await this.#state()
        if (state.lastSeq < head) {
          // The new leader of a cluster may not have applied all that the old one had.
          await sleep(graceMs)
          state = await this.#state()
        }
        const why = this.#isVoid(state, head, asked)
        if (why !== undefined) await this.#restart(state, why)
        else if (this.#held === undefined && state.lastSeq > this.#head) await this.#await(state.lastSeq)
        else await this.#repair(state.lastSeq)
        if (this.#wanted) continue
        this.stats.checks++
        this.stats.comparedAt = asked
      }
    } catch (thrown) {
      if (!this.#closed)
        this.#options.log.warn({ err: thrown, stream: this.#stream }, 'tail check failed; will try again')
    } finally {
      this.#checking = false
    }
  }

  /** Why what was handed on is not what the stream holds; undefined when it is. `head` and `asked` are of before the question. */
  #isVoid({ epoch, lastSeq }: StreamState, head: number, asked: number): string | undefined {
    if (epoch !== this.#epoch) return 'the stream was made anew: every cursor of it starts again'
    if (lastSeq < head) return 'the stream was set back, as by a backup: what it had after that is void'
    // Markers of keys that expired have a time to live themselves; after it nothing but the whole table tells what is gone.
    const { source, markersMs = limits.expiryMarkerMs / 2 } = this.#options
    const mayMissRemovals = source !== 'events' && lastSeq > this.#head && asked - this.stats.comparedAt > markersMs
    return mayMissRemovals ? 'NATS was away for so long that the whole bucket is read again' : undefined
  }

  async #restart(state: StreamState, why: string): Promise<void> {
    this.#options.log.warn({ stream: this.#stream }, why)
    if (state.epoch !== this.#epoch || state.lastSeq < this.#head) this.stats.resets++
    this.#held = this.#hold()
    try {
      await this.#load(state)
    } catch (thrown) {
      // Half a table is none: the next check begins again.
      this.#epoch = 0
      throw thrown
    }
  }

  /** What the stream has just stored is usually on its way: only what is still missing after a moment was lost. */
  async #await(last: number): Promise<void> {
    this.stats.lag = last - this.#head
    await sleep(graceMs)
    if (this.#head < last) this.#suspect()
  }

  /**
   * Hands on everything up to `last` or beyond: what is held where it is held, the rest read from the stream. Whoever calls has
   * just asked for the state, and after each read it is asked again: whatever came before the answer is of this incarnation.
   */
  async #repair(last: number): Promise<void> {
    this.#takeHeld()
    let target = Math.max(last, this.#held?.last ?? 0)
    if (this.#head < target) this.stats.repairs++
    let next: Promise<Range> | undefined
    while (this.#head < target) {
      this.stats.lag = target - this.#head
      const { messages, more } = await (next ?? this.#read(this.#head + 1))
      const end = messages.at(-1)?.seq ?? this.#head
      // Under way while this one is handed on; nobody waits for the one past the last.
      next = more && end < target ? this.#read(end + 1) : undefined
      next?.catch(() => undefined)
      const isLost = !more && end < target && (await this.#isEnd(end))
      const isOther = (await this.#state()).epoch !== this.#epoch
      if (this.#closed) return
      if (isOther) {
        this.#wanted = true
        return
      }
      for (const { subject, seq, payload, removal } of messages) {
        if (seq <= this.#head) continue
        if (seq > this.#head + 1) this.#gap(seq - 1)
        this.#head = seq
        this.stats.repaired++
        this.#options.sink.entry(subject.slice(this.#storePrefixLength), seq, payload, removal)
      }
      if (isLost && this.#head < target) this.#gap(target)
      this.#takeHeld()
      target = Math.max(target, this.#held?.last ?? 0)
    }
    this.stats.lag = 0
    if (this.#held?.isEmpty) this.#held = undefined
  }

  /**
   * Whether nothing follows: a direct get may be answered by a replica that is behind, so only the leader's word makes a gap of
   * an end that was not found. Until a replica has caught up, the next turn of the repair asks again.
   */
  async #isEnd(seq: number): Promise<boolean> {
    if ((await firstSequence(this.#options.nc, this.#stream, seq + 1, this.#filter)) === undefined) return true
    await sleep(graceMs)
    return false
  }

  /** Hands on held entries that continue the head. */
  #takeHeld(): void {
    const held = this.#held
    if (held === undefined) return
    for (let next = held.take(this.#head + 1); next !== undefined; next = held.take(this.#head + 1)) {
      this.#head++
      this.#options.sink.entry(next.subject, this.#head, next.payload, next.removal)
    }
    held.passed(this.#head)
  }

  #gap(to: number): void {
    this.stats.gaps++
    const from = this.#head
    this.#head = to
    this.#options.sink.gap(from, to)
  }

  #read(seq: number): Promise<Range> {
    const { nc } = this.#options
    return readRange(nc, this.#stream, { seq, filter: this.#filter, messagesMax: 4_000, bytesMax: 4_194_304 })
  }

  /** Loads the newest entry of each subject, then lets what arrived meanwhile follow. */
  async #load(state: StreamState): Promise<void> {
    const { sink } = this.#options
    const { epoch, lastSeq } = state
    this.#epoch = epoch
    this.#head = 0
    sink.begin(epoch)
    if (state.messages > 0) await this.#loadTable(state)
    // The table, and what arrived meanwhile, may be another's: nothing that is read says whose it is.
    const now = await this.#state()
    if (this.#closed) return
    if (isAnother(now, state)) {
      this.#held = this.#hold()
      return await this.#load(now)
    }
    this.#head = lastSeq
    sink.loaded(lastSeq, Math.min(now.firstSeq, lastSeq + 1))
    await this.#repair(now.lastSeq)
  }

  async #loadTable(state: StreamState): Promise<void> {
    const reader = new StreamReader({ nc: this.#options.nc, stream: this.#stream, start: 'latest' })
    this.#reader = reader
    // A reader waits for what it has not read, which never comes when the stream has become another one.
    const watch = setInterval(() => {
      this.#state().then(
        (now) => isAnother(now, state) && reader.close(),
        (thrown) => asWeirError(thrown).code === 'not_found' && reader.close(),
      )
    }, this.#options.pollMs ?? pollMs)
    try {
      await reader.runToHead(({ subject, seq, payload, removal }) => {
        if (seq > state.lastSeq) return 'stop'
        this.#head = seq
        this.#options.sink.entry(subject.slice(this.#storePrefixLength), seq, payload, removal)
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

/** Whether a stream is not the one it was, or was set back. */
function isAnother(now: StreamState, before: StreamState): boolean {
  return now.epoch !== before.epoch || now.lastSeq < before.lastSeq
}

const pollMs = 2_000

/** How long a republication may lag behind the store, or a new leader behind the old one, before what is missing counts as lost. */
const graceMs = 250

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
