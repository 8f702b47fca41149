import assert from 'node:assert/strict'
import { Removal, WeirError } from '@weir/proto'
import type { StreamChunk, StreamRead, StreamReader } from '../src/engine/cursor/stream-reader.ts'
import type { Codec } from '../src/engine/delivery/codec.ts'
import type { Entry } from '../src/engine/log/entry.ts'
import { MemoryBudget } from '../src/engine/log/memory-budget.ts'
import { Source } from '../src/engine/source.ts'
import { type Published, recordingCodec, SimulatedClient, type Tally, type Wish } from './simulated-client.ts'

/** A stream, a clock and clients, all simulated; the source between them is the real one. */
export class SimulatedWorld {
  readonly source: Source
  readonly clients: SimulatedClient[] = []
  encoded = 0
  comparisons = 0
  comparisonsWanted = 0
  #epoch = 1
  #now = 0
  #passWanted = false
  #timers: { at: number; action: () => void }[] = []
  /** Reads of the stream that are under way. */
  #reads: (() => void)[] = []
  #failsReads = false
  /** What the stream has had in this incarnation, and from where it still holds it. */
  #stream: (Published & { payload: Uint8Array })[] = []
  #firstSeq = 1
  /** Markers of removals up to here the stream has no more. */
  #markersTo = 0
  /** Keeps the newest of each subject alone, and has removals. */
  readonly #isBucket: boolean
  #channel = 0
  readonly #codec: Codec

  constructor(wishes: readonly Wish[], isBucket = false) {
    this.#isBucket = isBucket
    this.#codec = recordingCodec(() => this.encoded++)
    const reader: StreamReader = {
      read: (request) =>
        new Promise((resolve, reject) => {
          const settle = (): void => {
            if (this.#failsReads) reject(new WeirError('unavailable', 'NATS is away.'))
            else resolve(request.isWanted() && request.epoch === this.#epoch ? this.#read(request) : undefined)
          }
          this.#reads.push(settle)
        }),
      range: () => Promise.reject(new Error('nobody asks for it here')),
    }
    this.source = new Source({
      name: 'events',
      bounds: {
        tenant: 'main',
        budget: new MemoryBudget({ ringBytesMax: 1e9, keptBytesMax: 1e9 }),
        ringBytesMax: 16_000,
        subjectsMax: 3,
        tombstonesMax: 2,
        tombstoneMs: 1e9,
      },
      reader,
      hasRemovals: isBucket,
      batchBytesMax: 5_000,
      nextChannel: () => ++this.#channel,
      requestPass: () => {
        this.#passWanted = true
      },
      now: () => this.#now,
      comparisons: () => this.comparisons,
      requestComparison: () => void this.comparisonsWanted++,
      later: (ms, action) => {
        const timer = { at: this.#now + ms, action }
        this.#timers.push(timer)
        return () => void this.#timers.splice(this.#timers.indexOf(timer), 1)
      },
      onReadFailed: (thrown) => assert.ok(thrown instanceof WeirError, String(thrown)),
    })
    this.source.begin(this.#epoch)
    this.source.loaded(0, 1)
    for (const each of wishes) this.connect(each)
  }

  get timers(): number {
    return this.#timers.length
  }

  connect(each: Wish): SimulatedClient {
    const created = new SimulatedClient(each, this.source, this.#codec)
    created.subscribe(undefined)
    this.clients.push(created)
    return created
  }

  publish(subject: string, bytes: number, removal: Removal): void {
    const seq = this.source.log.head + 1
    const payload = removal === Removal.UNSPECIFIED ? new Uint8Array(bytes) : new Uint8Array(0)
    this.#stream.push({ subject, seq, removal, payload })
    this.source.entry(subject, seq, payload, removal)
  }

  async apply(each: Operation): Promise<void> {
    const chosen = 'client' in each ? this.clients[each.client] : undefined
    switch (each.kind) {
      case 'publish':
        for (let count = 0; count < each.count; count++)
          this.publish(each.subject, each.bytes, this.#isBucket ? each.removal : 0)
        break
      case 'pass':
        this.source.pass()
        await Promise.resolve()
        break
      case 'time':
        this.#advanceTime(each.ms)
        break
      case 'beat':
        this.source.beat()
        break
      case 'ack':
        chosen?.acknowledge()
        break
      case 'answer':
        await this.answer(each.fails)
        break
      case 'block':
        chosen?.block(each.blocked)
        break
      case 'reconnect':
        chosen?.reconnect(each.resume)
        break
      case 'gap':
        for (let time = 0; time < each.times; time++) {
          this.#lose(each.subject, each.size)
          if (time % 2 === 0) this.publish(each.subject, 10, 0)
        }
        break
      case 'retention':
        // A bucket drops nothing for its age without a removal.
        if (!this.#isBucket) this.#firstSeq = Math.max(this.#firstSeq, this.source.log.head - each.keep)
        break
      case 'reload':
        if (this.#isBucket) this.reload(this.source.log.head, () => chosen?.reconnect(each.resume))
        break
      case 'markersGo':
        this.#markersTo = this.source.log.head
        break
      case 'setBack':
        if (!this.#isBucket) this.setBack(Math.max(0, this.source.log.head - each.by))
        break
      case 'epoch':
        this.load(() => chosen?.reconnect(each.resume))
        break
    }
  }

  /**
   * Entries that were stored, and gone before the hub could have them: by retention, or since a
   * newer one has come.
   */
  #lose(subject: string, count: number): void {
    const from = this.source.log.head
    const to = from + count
    for (let seq = from + 1; seq <= to; seq++)
      this.#stream.push({ subject, seq, removal: 0, payload: new Uint8Array(1) })
    if (!this.#isBucket) this.#firstSeq = to + 1
    this.source.gap(from, to)
    if (this.#isBucket) this.publish(subject, 10, 0)
  }

  /**
   * Another incarnation of the stream begins; what is done meanwhile is done while its table is
   * loaded.
   */
  load<T>(meanwhile: () => T): T {
    this.#epoch++
    this.#stream = []
    this.#firstSeq = 1
    this.#markersTo = 0
    this.source.begin(this.#epoch)
    const result = meanwhile()
    this.source.loaded(0, 1)
    return result
  }

  /**
   * The same incarnation is loaded once more, when the markers of what is gone are gone as well.
   */
  reload(head: number, meanwhile: () => void): void {
    this.source.begin(this.#epoch)
    const newest = [...new Map(this.#stream.map((each) => [each.subject, each])).values()]
    for (const { subject, seq, payload, removal } of newest.sort((a, b) => a.seq - b.seq)) {
      if (removal === Removal.UNSPECIFIED) this.source.entry(subject, seq, payload, 0)
    }
    meanwhile()
    this.source.loaded(head, 1)
  }

  /** What was stored after a sequence is gone, as after a backup, and the tail has noticed. */
  setBack(head: number): void {
    this.#stream = this.#stream.filter(({ seq }) => seq <= head)
    this.#firstSeq = Math.min(this.#firstSeq, head + 1)
    this.source.begin(this.#epoch)
    const newest = [...new Map(this.#stream.map((each) => [each.subject, each])).values()]
    for (const { subject, seq, payload } of newest.sort((a, b) => a.seq - b.seq)) {
      if (seq >= this.#firstSeq) this.source.entry(subject, seq, payload, 0)
    }
    this.source.loaded(head, Math.min(this.#firstSeq, head + 1))
  }

  /** The stream answers what it was asked, or fails to. */
  async answer(fails: boolean): Promise<void> {
    const reads = this.#reads
    this.#reads = []
    this.#failsReads = fails
    for (const settle of reads) settle()
    for (let turn = 0; turn < 8; turn++) await Promise.resolve()
  }

  /**
   * A key is removed, and so many others after it that neither hub nor stream knows of it any more.
   */
  async forgetRemovalOf(subject: string): Promise<void> {
    for (const each of [subject, 'b.x', 'b.y', 'a.y']) {
      this.publish(each, 0, 1)
      for (let count = 0; count < 30; count++) this.publish('c', 3_000, 0)
      this.source.pass()
    }
    this.publish('b.x', 0, 1)
    await this.apply({ kind: 'markersGo' })
  }

  /** A key expires, and its marker does, while the hub hears nothing. */
  expireUnheard(subject: string): number {
    const seq = this.source.log.head + 1
    this.#stream.push({ subject, seq, removal: 2, payload: new Uint8Array(0) })
    return seq
  }

  #advanceTime(ms: number): void {
    this.#now += ms
    const due = this.#timers.filter(({ at }) => at <= this.#now)
    this.#timers = this.#timers.filter(({ at }) => at > this.#now)
    for (const { action } of due) action()
  }

  /** Lets everybody acknowledge until nothing moves any more. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 4; ) {
      const before = this.clients.reduce((sum, each) => sum + each.frames.length, 0)
      for (const each of this.clients) each.release()
      this.#advanceTime(1000)
      this.source.pass()
      await this.answer(false)
      this.source.beat()
      const after = this.clients.reduce((sum, each) => sum + each.frames.length, 0)
      quiet = before === after && !this.#passWanted ? quiet + 1 : 0
      this.#passWanted = false
    }
  }

  check(tally: Tally = { matched: 0, counted: 0 }): void {
    for (const each of this.clients) {
      each.check({
        stream: this.#stream,
        firstSeq: this.#firstSeq,
        markersTo: this.#markersTo,
        isBucket: this.#isBucket,
        gapsFrom: this.source.log.gaps.from,
        tally,
      })
      assert.equal(each.subscriber.isBehind, false, 'everybody has caught up')
    }
  }

  /** As a stream would answer: what it still holds. */
  #read({ after, accepts, complete, bytesMax }: StreamRead): StreamChunk {
    const entries: Entry[] = []
    let bytes = 0
    let to = complete
    const newest = new Map(this.#stream.map(({ subject, seq }) => [subject, seq]))
    for (const each of this.#stream) {
      if (each.seq <= after || each.seq < this.#firstSeq || !accepts(each.subject)) continue
      if (this.#isBucket && newest.get(each.subject) !== each.seq) continue
      if (each.removal !== Removal.UNSPECIFIED && each.seq <= this.#markersTo) continue
      if (each.seq > complete) break
      if (bytes > bytesMax) {
        to = (entries.at(-1) as Entry).seq
        break
      }
      bytes += each.payload.length
      const state = { subject: each.subject, latest: undefined, answer: 0, routedAt: -1 }
      entries.push({
        seq: each.seq,
        state,
        removal: each.removal as Removal,
        bytes: each.payload,
        start: 0,
        end: each.payload.length,
      })
    }
    const [first] = entries
    const firstSeq = this.#isBucket ? Math.min(...newest.values()) : this.#firstSeq
    const lostTo = firstSeq > after + 1 ? Math.min(firstSeq - 1, (first?.seq ?? Infinity) - 1, to) : after
    return { entries, to, lostTo }
  }
}

/** What can happen in it; `client` is a place in the list of clients. */
export type Operation =
  | {
      readonly kind: 'publish'
      readonly subject: string
      readonly count: number
      readonly bytes: number
      readonly removal: Removal
    }
  | { readonly kind: 'pass' | 'beat' | 'markersGo' }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'ack'; readonly client: number }
  | { readonly kind: 'answer'; readonly fails: boolean }
  | { readonly kind: 'block'; readonly client: number; readonly blocked: boolean }
  | { readonly kind: 'reconnect' | 'reload' | 'epoch'; readonly client: number; readonly resume: boolean }
  | { readonly kind: 'gap'; readonly subject: string; readonly size: number; readonly times: number }
  | { readonly kind: 'retention'; readonly keep: number }
  | { readonly kind: 'setBack'; readonly by: number }
