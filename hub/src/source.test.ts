import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type BatchHead, compileFilters, Mode, type ServerFrame, Start } from '@weir/proto'
import fc from 'fast-check'
import type { Codec } from './codec.ts'
import type { Entry } from './entry-log.ts'
import type { Receiver } from './receiver.ts'
import { Source } from './source.ts'
import type { StreamChunk, StreamRead, StreamReader } from './stream-reader.ts'
import type { Subscriber } from './subscriber.ts'

const subjects = ['a.x', 'a.y', 'b.x', 'b.y', 'c']
const filterSets = [['>'], ['a.*'], ['*.x', 'c'], ['b.y'], ['nothing.>']]

const publish = fc.record({
  kind: fc.constant('publish' as const),
  subject: fc.constantFrom(...subjects),
  count: fc.integer({ min: 1, max: 40 }),
  bytes: fc.constantFrom(10, 200, 3000),
  removal: fc.constantFrom(0, 0, 0, 0, 1, 2),
})
const client = fc.nat({ max: 3 })
const operation = fc.oneof(
  { weight: 6, arbitrary: publish },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(5, 50, 500) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('beat' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ack' as const), client }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('block' as const), client, blocked: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reconnect' as const), client, resume: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('gap' as const), size: fc.integer({ min: 1, max: 5 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('retention' as const), keep: fc.integer({ min: 0, max: 60 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('epoch' as const) }) },
)
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never
const wish = fc.record({
  filters: fc.constantFrom(...filterSets),
  mode: fc.constantFrom(Mode.ALL, Mode.LATEST),
  intervalMs: fc.constantFrom(0, 0, 100),
  window: fc.constantFrom(0, 2_000, 40_000),
})

describe('a source, whatever happens', () => {
  test('gives every subscriber each matching entry, or counts or announces it, and converges to the latest', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(wish, { minLength: 4, maxLength: 4 }),
        fc.array(operation, { minLength: 5, maxLength: 80 }),
        async (wishes, operations) => {
          const world = new World(wishes.map((each) => (each.mode === Mode.ALL ? { ...each, intervalMs: 0 } : each)))
          for (const each of operations) await world.apply(each)
          await world.settle()
          world.check()
        },
      ),
      { numRuns: 500, includeErrorInReport: true },
    )
  })

  test('sends the same bytes to all that are caught up', () => {
    const world = new World([])
    const [first, second] = [world.connect(wishFor(Mode.ALL)), world.connect(wishFor(Mode.ALL))]
    world.publish('a.x', 10, 0)
    world.source.pass()
    assert.equal(first.subscriber.channel, second.subscriber.channel)
    assert.deepEqual(
      first.frames,
      second.frames.map((frame) => (frame.kind === 'subscribed' ? first.frames[0] : frame)),
    )
    assert.equal(world.encoded, 1)
  })

  test('a cursor past the head waits for the hub, and begins again when the stream was set back', async () => {
    const world = new World([])
    const ahead = world.connect(wishFor(Mode.LATEST))
    world.publish('a.x', 10, 0)
    await world.settle()
    ahead.resumeAt(1000)
    assert.deepEqual(
      ahead.frames.map(({ kind }) => kind),
      ['subscribed'],
    )
    for (let beat = 0; beat < 3; beat++) world.source.beat()
    await world.settle()
    assert.equal(ahead.held.get('a.x'), 1)
    world.check()
  })

  test('a client without credit costs nothing until it acknowledges, then gets the newest', async () => {
    const world = new World([])
    const slow = world.connect({ ...wishFor(Mode.LATEST), window: 2000 })
    await world.settle()
    slow.acknowledges = false
    for (let count = 0; count < 500; count++) {
      world.publish('a.x', 100, 0)
      world.source.pass()
    }
    const encodedBefore = world.encoded
    for (let count = 0; count < 100; count++) world.source.pass()
    assert.equal(world.encoded, encodedBefore)
    assert.ok(slow.unacknowledged <= 2000)
    slow.acknowledges = true
    await world.settle()
    world.check()
    assert.equal(slow.held.get('a.x'), 500)
  })
})

interface Wish {
  readonly filters: readonly string[]
  readonly mode: Mode
  readonly intervalMs: number
  readonly window: number
}

function wishFor(mode: Mode): Wish {
  return { filters: ['>'], mode, intervalMs: 0, window: 0 }
}

interface Published {
  readonly subject: string
  readonly seq: number
  readonly removal: number
}

type Seen =
  | { readonly kind: 'subscribed'; readonly cursor: number; readonly start: Start }
  | { readonly kind: 'gap'; readonly from: number; readonly to: number; readonly reason: string }
  | ({ readonly kind: 'batch'; readonly entries: readonly Published[] } & BatchHead)

/** A stream, a clock and clients, all simulated; the source between them is the real one. */
class World {
  readonly source: Source
  readonly clients: Client[] = []
  encoded = 0
  #epoch = 1
  #now = 0
  #passWanted = false
  #timers: { at: number; action: () => void }[] = []
  /** What the stream has had in this incarnation, and from where it still holds it. */
  #stream: (Published & { payload: Uint8Array })[] = []
  #lost: Set<number> = new Set()
  #firstSeq = 1
  #channel = 0
  readonly #codec: Codec

  constructor(wishes: readonly Wish[]) {
    this.#codec = recordingCodec(() => this.encoded++)
    const reader: StreamReader = { read: (request) => Promise.resolve(this.#read(request)) }
    this.source = new Source({
      bounds: {
        budget: { ringBytes: 0, ringBytesMax: 1e9, keptBytes: 0, keptBytesMax: 1e9 },
        ringBytesMax: 16_000,
        subjectsMax: 3,
        tombstonesMax: 2,
        tombstoneMs: 1e9,
      },
      reader,
      hasRemovals: true,
      batchBytesMax: 5_000,
      nextChannel: () => ++this.#channel,
      requestPass: () => {
        this.#passWanted = true
      },
      now: () => this.#now,
      later: (ms, action) => this.#timers.push({ at: this.#now + ms, action }),
      onReadFailed: (thrown) => {
        throw thrown
      },
    })
    this.source.begin(this.#epoch)
    this.source.loaded(0)
    for (const each of wishes) this.connect(each)
  }

  connect(each: Wish): Client {
    const created = new Client(each, this.source, this.#codec)
    created.subscribe(undefined)
    this.clients.push(created)
    return created
  }

  publish(subject: string, bytes: number, removal: 0 | 1 | 2): void {
    const seq = this.source.log.head + 1
    const payload = removal === 0 ? new Uint8Array(bytes) : new Uint8Array(0)
    this.#stream.push({ subject, seq, removal, payload })
    this.source.entry(subject, seq, payload, removal)
  }

  async apply(each: Operation): Promise<void> {
    const chosen = 'client' in each ? this.clients[each.client] : undefined
    switch (each.kind) {
      case 'publish':
        for (let count = 0; count < each.count; count++)
          this.publish(each.subject, each.bytes, each.removal as 0 | 1 | 2)
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
      case 'block':
        chosen?.block(each.blocked)
        break
      case 'reconnect':
        chosen?.reconnect(each.resume)
        break
      case 'gap': {
        const from = this.source.log.head
        for (let seq = from + 1; seq <= from + each.size; seq++) this.#lost.add(seq)
        this.source.gap(from, from + each.size)
        break
      }
      case 'retention':
        this.#firstSeq = Math.max(this.#firstSeq, this.source.log.head - each.keep)
        break
      case 'epoch':
        this.#newEpoch()
        break
    }
  }

  #newEpoch(): void {
    for (const each of this.clients) each.frames.push()
    this.#epoch++
    this.#stream = []
    this.#lost.clear()
    this.#firstSeq = 1
    this.source.begin(this.#epoch)
    this.source.loaded(0)
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
      for (let turn = 0; turn < 5; turn++) await Promise.resolve()
      this.source.beat()
      const after = this.clients.reduce((sum, each) => sum + each.frames.length, 0)
      quiet = before === after && !this.#passWanted ? quiet + 1 : 0
      this.#passWanted = false
    }
  }

  check(): void {
    for (const each of this.clients) {
      each.check(this.#stream, this.#lost, this.#firstSeq)
      assert.equal(each.subscriber.isBehind, false, 'everybody has caught up')
    }
  }

  /** As a stream would answer: what it still holds. */
  #read({ after, accepts, complete, bytesMax }: StreamRead): StreamChunk {
    const entries: Entry[] = []
    let bytes = 0
    let to = complete
    for (const each of this.#stream) {
      if (each.seq <= after || each.seq < this.#firstSeq || !accepts(each.subject)) continue
      if (each.seq > complete) break
      if (bytes > bytesMax) {
        to = (entries.at(-1) as Entry).seq
        break
      }
      bytes += each.payload.length
      const state = { subject: each.subject, latest: undefined, channels: [], routedAt: -1 }
      entries.push({
        seq: each.seq,
        state,
        removal: each.removal as 0 | 1 | 2,
        bytes: each.payload,
        start: 0,
        end: each.payload.length,
      })
    }
    const [first] = entries
    const lostTo = this.#firstSeq > after + 1 ? Math.min(this.#firstSeq - 1, (first?.seq ?? Infinity) - 1, to) : after
    return { entries, to, lostTo }
  }
}

/** A client that keeps the protocol, with a window, and checks what it gets against the stream. */
class Client implements Receiver {
  readonly codec: Codec
  readonly chunkBytesMax: number
  readonly frames: Seen[] = []
  readonly held: Map<string, number> = new Map()
  acknowledges = true
  unacknowledged = 0
  subscriber!: Subscriber
  readonly #wish: Wish
  readonly #source: Source
  #blocked = false
  #epoch = 0
  #cursor = 0

  constructor(each: Wish, source: Source, codec: Codec) {
    this.#wish = each
    this.#source = source
    this.codec = codec
    this.chunkBytesMax = each.window === 0 ? 10_000 : each.window / 4
  }

  get hasCredit(): boolean {
    return this.accepts(this.chunkBytesMax)
  }

  accepts(bytes: number): boolean {
    if (this.#blocked) return false
    return this.#wish.window === 0 || this.unacknowledged === 0 || this.unacknowledged + bytes <= this.#wish.window
  }

  deliver(bytes: Uint8Array): void {
    this.unacknowledged += bytes.length
    const batch = JSON.parse(new TextDecoder().decode(bytes)) as BatchHead & { entries: Published[] }
    assert.equal(batch.from, this.#cursor, 'a batch continues where the last one ended')
    assert.ok(batch.to >= batch.from)
    this.#cursor = batch.to
    this.frames.push({ kind: 'batch', ...batch })
    for (const { subject, seq, removal } of batch.entries) {
      if (removal === 0) this.held.set(subject, seq)
      else this.held.delete(subject)
    }
  }

  notify(frame: ServerFrame['frame']): void {
    if (frame.case === 'subscribed') {
      this.#cursor = Number(frame.value.cursor?.seq)
      this.#epoch = Number(frame.value.cursor?.epoch)
      // Only what follows the last beginning can be held against the stream; a snapshot replaces what is held.
      this.frames.length = 0
      if (frame.value.start === Start.SNAPSHOT) this.held.clear()
      this.frames.push({ kind: 'subscribed', cursor: this.#cursor, start: frame.value.start })
    } else if (frame.case === 'gap') {
      const { from, to, reason } = frame.value
      assert.equal(Number(from), this.#cursor, 'a gap continues where the last batch ended')
      this.#cursor = Number(to)
      this.frames.push({ kind: 'gap', from: Number(from), to: Number(to), reason })
    }
  }

  subscribe(cursor: { epoch: number; seq: number } | undefined): void {
    const { filters, mode, intervalMs } = this.#wish
    this.subscriber = this.#source.subscribe(this, { id: 1, filters, mode, intervalMs, twin: 0, cursor })
  }

  acknowledge(): void {
    if (!this.acknowledges) return
    this.unacknowledged = 0
    this.#source.credit(this.subscriber)
  }

  block(blocked: boolean): void {
    this.#blocked = blocked
    if (!blocked) this.#source.credit(this.subscriber)
  }

  release(): void {
    this.block(false)
    this.acknowledge()
  }

  reconnect(resume: boolean): void {
    this.#source.unsubscribe(this.subscriber)
    this.unacknowledged = 0
    if (!resume) this.held.clear()
    this.subscribe(resume ? { epoch: this.#epoch, seq: this.#cursor } : undefined)
  }

  resumeAt(seq: number): void {
    this.#source.unsubscribe(this.subscriber)
    this.subscribe({ epoch: this.#epoch, seq })
  }

  check(stream: readonly Published[], lost: ReadonlySet<number>, firstSeq: number): void {
    const accepts = compileFilters(this.#wish.filters)
    const begin = this.frames[0]
    assert.equal(begin?.kind, 'subscribed')
    const start = begin?.kind === 'subscribed' ? begin.cursor : 0
    const matching = stream.filter(({ subject, seq }) => seq > start && accepts(subject))
    const batches = this.frames.filter((frame) => frame.kind === 'batch')
    const gaps = this.frames.filter((frame) => frame.kind === 'gap')
    const sent = batches.flatMap(({ entries }) => entries)
    assert.deepEqual(
      sent.map(({ seq }) => seq),
      [...new Set(sent.map(({ seq }) => seq))].sort((a, b) => a - b),
      'in order, once',
    )
    for (const { from, to, entries } of batches) {
      for (const { seq, subject } of entries) assert.ok(seq > from && seq <= to && accepts(subject))
    }
    const inGap = (seq: number): boolean => gaps.some(({ from, to }) => seq > from && seq <= to)
    assert.equal(this.#cursor, this.subscriber.channel.position.seq)
    if (this.#wish.mode === Mode.ALL) {
      const expected = matching.filter(({ seq }) => seq <= this.#cursor && !inGap(seq)).map(({ seq }) => seq)
      assert.deepEqual(
        sent.map(({ seq }) => seq),
        expected,
      )
      for (const seq of lost) if (seq > start) assert.ok(inGap(seq), `the loss of ${seq} was announced`)
      return
    }
    const state = new Map<string, number>()
    for (const { subject, seq, removal } of stream) {
      if (!accepts(subject)) continue
      if (removal === 0) state.set(subject, seq)
      else state.delete(subject)
    }
    if (gaps.every(({ reason }) => reason !== 'retention')) {
      // What both retention and memory have dropped is nowhere to be had.
      for (const [subject, seq] of state) if (seq < firstSeq && !this.held.has(subject)) state.delete(subject)
      assert.deepEqual(new Map([...this.held].sort()), new Map([...state].sort()))
    }
    if (batches.some(({ uncounted }) => uncounted) || gaps.length > 0) return
    const conflated = batches.reduce((sum, batch) => sum + batch.conflated, 0)
    assert.equal(sent.length + conflated, matching.length, 'sent and conflated are what matched')
  }
}

function recordingCodec(onEncode: () => void): Codec {
  return {
    index: 0,
    binary: false,
    batch(head, _epoch, entries) {
      onEncode()
      const { channel, from, to, conflated, uncounted } = head
      const plain = entries.map(({ seq, state, removal }) => ({ subject: state.subject, seq, removal }))
      return new TextEncoder().encode(JSON.stringify({ channel, from, to, conflated, uncounted, entries: plain }))
    },
    frame: () => new Uint8Array(0),
    parse: () => {
      throw new Error('not used')
    },
  }
}
