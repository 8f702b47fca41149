import assert from 'node:assert/strict'
import process from 'node:process'
import { describe, test } from 'node:test'
import { type BatchHead, compileFilters, Mode, type ServerFrame, Start, WeirError } from '@weir/proto'
import fc from 'fast-check'
import type { Codec } from '../codec/codec.ts'
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
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(5, 10, 50, 500) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('beat' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ack' as const), client }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('answer' as const), fails: fc.constantFrom(false, false, true) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('block' as const), client, blocked: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reconnect' as const), client, resume: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('gap' as const),
      subject: fc.constantFrom(...subjects),
      size: fc.integer({ min: 1, max: 5 }),
      times: fc.constantFrom(1, 1, 1, 150),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('retention' as const), keep: fc.integer({ min: 0, max: 60 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reload' as const), client, resume: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('markersGo' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('setBack' as const), by: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('epoch' as const), client, resume: fc.boolean() }) },
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
    const tally = { matched: 0, counted: 0 }
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(wish, { minLength: 4, maxLength: 4 }),
        fc.array(operation, { minLength: 5, maxLength: 80, size: 'max' }),
        async (isBucket, wishes, operations) => {
          const plain = wishes.map((each) => (each.mode === Mode.ALL ? { ...each, intervalMs: 0 } : each))
          const world = new World(plain, isBucket)
          for (const each of operations) await world.apply(each)
          await world.settle()
          world.check(tally)
        },
      ),
      { numRuns: Number(process.env.WEIR_TEST_RUNS ?? 500), includeErrorInReport: true },
    )
    assert.ok(tally.counted > 0.15 * tally.matched, `of ${tally.matched} only ${tally.counted} were counted`)
  })

  test('sends what changed at most once in an interval, the newest of it, and counts the rest', async () => {
    const world = new World([])
    const slow = world.connect({ ...wishFor(Mode.LATEST), intervalMs: 100 })
    await world.settle()
    slow.frames.splice(1)
    for (let count = 0; count < 100; count++) {
      world.publish('a.x', 10, 0)
      world.source.pass()
      await world.apply({ kind: 'time', ms: 10 })
      world.source.pass()
    }
    const batches = slow.batches
    assert.ok(batches.length >= 9 && batches.length <= 11, `${batches.length} batches in a second`)
    for (const { to, entries } of batches) assert.equal(entries.at(-1)?.seq, to, 'the newest')
    const told = batches.reduce((sum, { entries, conflated }) => sum + entries.length + conflated, 0)
    assert.equal(told, slow.batches.at(-1)?.to)
  })

  test('takes the timer of a channel out with its last subscriber', async () => {
    const world = new World([])
    for (let count = 0; count < 20; count++) {
      const client = world.connect({ ...wishFor(Mode.LATEST), intervalMs: 10_000 + count })
      world.publish('a.x', 10, 0)
      world.source.pass()
      world.publish('a.x', 10, 0)
      assert.equal(world.timers, 1)
      world.source.unsubscribe(client.subscriber)
      assert.equal(world.timers, 0)
    }
  })

  test('who had more than a stream has after it was set back begins again, at once', async () => {
    const world = new World([])
    const all = world.connect(wishFor(Mode.ALL))
    for (let count = 0; count < 20; count++) world.publish('a.x', 10, 0)
    await world.settle()
    world.setBack(10)
    for (let count = 0; count < 15; count++) world.publish('a.y', 10, 0)
    await world.settle()
    assert.deepEqual(
      all.batches.flatMap(({ entries }) => entries.map(({ seq }) => seq)),
      Array.from({ length: 25 }, (_, index) => index + 1),
    )
    world.check()
  })

  test('whoever waits for the hub begins again, however often another subscription of its gets credit', async () => {
    const world = new World([])
    const ahead = world.connect(wishFor(Mode.LATEST))
    world.publish('a.x', 10, 0)
    await world.settle()
    ahead.resumeAt(1000)
    for (let beat = 0; beat < 4; beat++) {
      world.comparisons++
      world.source.credit(ahead.subscriber)
      world.source.pass()
      world.source.beat()
    }
    await world.settle()
    world.check()
  })

  test('a bucket that is read again while the stream is read for a subscriber leaves nothing out', async () => {
    const world = new World([], true)
    const client = world.connect({ ...wishFor(Mode.LATEST), window: 8_000 })
    for (const subject of ['q1', 'q2', 'q3', 'q4', 'q5', 'q6']) world.publish(subject, 3_000, 0)
    for (let count = 0; count < 30; count++) world.publish('c', 3_000, 0)
    await world.settle()
    client.reconnect(false)
    while (client.batches.length === 0) {
      world.source.pass()
      await world.answer(false)
    }
    client.release()
    world.source.pass()
    assert.equal(client.subscriber.activity, 'reading')
    world.reload(world.source.log.head, () => undefined)
    await world.settle()
    assert.equal(client.held.size, 7)
    world.check()
  })

  test('a client that was behind while removals were forgotten holds nothing that is gone', async () => {
    const world = new World([], true)
    const slow = world.connect({ ...wishFor(Mode.LATEST), window: 2_000 })
    world.publish('a.x', 10, 0)
    await world.settle()
    slow.block(true)
    await world.forgetRemovalOf('a.x')
    await world.settle()
    assert.ok(!slow.held.has('a.x'))
    world.check()
  })

  test('a client that reads the stream while removals are forgotten holds nothing that is gone', async () => {
    const world = new World([], true)
    const slow = world.connect({ ...wishFor(Mode.LATEST), window: 8_000 })
    for (const subject of ['q1', 'q2', 'q3', 'q4', 'q5', 'q6', 'q7']) world.publish(subject, 3_000, 0)
    for (let count = 0; count < 30; count++) world.publish('c', 3_000, 0)
    await world.settle()
    slow.reconnect(false)
    while (!slow.held.has('q1')) {
      world.source.pass()
      await world.answer(false)
    }
    slow.block(true)
    await world.forgetRemovalOf('q1')
    await world.settle()
    assert.ok(!slow.held.has('q1'))
    world.check()
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
    for (let beat = 0; beat < 10; beat++) world.source.beat()
    assert.equal(ahead.frames.length, 1, 'a hub that does not hear from its stream is only behind')
    for (let beat = 0; beat < 3; beat++) {
      world.comparisons++
      world.source.beat()
    }
    await world.settle()
    assert.ok(ahead.frames.some((frame) => frame.kind === 'subscribed' && frame.start === Start.SNAPSHOT))
    world.check()
  })

  test('who comes while another incarnation is loaded begins once, after it', async () => {
    const world = new World([])
    const early = world.connect(wishFor(Mode.ALL))
    world.publish('a.x', 10, 0)
    await world.settle()
    const late = world.load(() => world.connect(wishFor(Mode.ALL)))
    assert.deepEqual(
      late.frames.map(({ kind }) => kind),
      ['subscribed'],
    )
    assert.deepEqual(
      early.frames.map(({ kind }) => kind),
      ['subscribed', 'gap'],
    )
    world.check()
  })

  test('a bucket that is read again takes from the latest what is gone, and goes on in mode ALL', async () => {
    const world = new World([], true)
    const [latest, all] = [world.connect(wishFor(Mode.LATEST)), world.connect(wishFor(Mode.ALL))]
    world.publish('a.x', 10, 0)
    world.publish('b.x', 10, 0)
    await world.settle()
    assert.deepEqual([...latest.held.keys()], ['a.x', 'b.x'])
    world.reload(world.expireUnheard('a.x'), () => undefined)
    await world.settle()
    assert.deepEqual([...latest.held.keys()], ['b.x'])
    assert.ok(!all.frames.some(({ kind }) => kind === 'gap'), 'it goes on where it was')
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

/** How much of what matched was told by name or number in mode LATEST, and not only as `uncounted`. */
interface Tally {
  matched: number
  counted: number
}

/** What there was, for the check of what a client was told. */
interface Truth {
  readonly stream: readonly Published[]
  readonly firstSeq: number
  readonly markersTo: number
  readonly isBucket: boolean
  readonly gapsFrom: number
  readonly tally: Tally
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
  comparisons = 0
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
    }
    this.source = new Source({
      name: 'events',
      bounds: {
        budget: { ringBytes: 0, ringBytesMax: 1e9, keptBytes: 0, keptBytesMax: 1e9 },
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
      later: (ms, action) => {
        const timer = { at: this.#now + ms, action }
        this.#timers.push(timer)
        return () => void this.#timers.splice(this.#timers.indexOf(timer), 1)
      },
      onReadFailed: (thrown) => assert.ok(thrown instanceof WeirError, String(thrown)),
    })
    this.source.begin(this.#epoch)
    this.source.loaded(0)
    for (const each of wishes) this.connect(each)
  }

  get timers(): number {
    return this.#timers.length
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
          this.publish(each.subject, each.bytes, this.#isBucket ? (each.removal as 0 | 1 | 2) : 0)
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

  /** Entries that were stored, and gone before the hub could have them: by retention, or since a newer one has come. */
  #lose(subject: string, count: number): void {
    const from = this.source.log.head
    const to = from + count
    for (let seq = from + 1; seq <= to; seq++)
      this.#stream.push({ subject, seq, removal: 0, payload: new Uint8Array(1) })
    if (!this.#isBucket) this.#firstSeq = to + 1
    this.source.gap(from, to)
    if (this.#isBucket) this.publish(subject, 10, 0)
  }

  /** Another incarnation of the stream begins; what is done meanwhile is done while its table is loaded. */
  load<T>(meanwhile: () => T): T {
    this.#epoch++
    this.#stream = []
    this.#firstSeq = 1
    this.#markersTo = 0
    this.source.begin(this.#epoch)
    const result = meanwhile()
    this.source.loaded(0)
    return result
  }

  /** The same incarnation is loaded once more, when the markers of what is gone are gone as well. */
  reload(head: number, meanwhile: () => void): void {
    this.source.begin(this.#epoch)
    const newest = [...new Map(this.#stream.map((each) => [each.subject, each])).values()]
    for (const { subject, seq, payload, removal } of newest.sort((a, b) => a.seq - b.seq)) {
      if (removal === 0) this.source.entry(subject, seq, payload, 0)
    }
    meanwhile()
    this.source.loaded(head)
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
    this.source.loaded(head)
  }

  /** The stream answers what it was asked, or fails to. */
  async answer(fails: boolean): Promise<void> {
    const reads = this.#reads
    this.#reads = []
    this.#failsReads = fails
    for (const settle of reads) settle()
    for (let turn = 0; turn < 8; turn++) await Promise.resolve()
  }

  /** A key is removed, and so many others after it that neither hub nor stream knows of it any more. */
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
      if (each.removal !== 0 && each.seq <= this.#markersTo) continue
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
        removal: each.removal as 0 | 1 | 2,
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
  #refused = false
  #epoch = 0
  #cursor = 0

  constructor(each: Wish, source: Source, codec: Codec) {
    this.#wish = each
    this.#source = source
    this.codec = codec
    this.chunkBytesMax = each.window === 0 ? 10_000 : each.window / 4
  }

  get hasCredit(): boolean {
    return this.accepts(this.chunkBytesMax, 2)
  }

  get batches(): readonly Extract<Seen, { kind: 'batch' }>[] {
    return this.frames.filter((frame) => frame.kind === 'batch')
  }

  accepts(bytes: number, entries: number): boolean {
    const { window } = this.#wish
    const isAlone = entries === 1 && bytes > window && this.unacknowledged <= window / 2
    const fits = window === 0 || this.unacknowledged + bytes <= window || isAlone
    this.#refused ||= this.#blocked || !fits
    return fits && !this.#blocked
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
      const { cursor, start } = frame.value
      const seq = Number(cursor?.seq)
      const epoch = Number(cursor?.epoch)
      // What one beginning and its resumes tell is held against the stream together; a snapshot replaces what is held.
      if (start === Start.SNAPSHOT || epoch !== this.#epoch || seq !== this.#cursor) this.frames.length = 0
      this.#cursor = seq
      this.#epoch = epoch
      if (start === Start.SNAPSHOT) this.held.clear()
      this.frames.push({ kind: 'subscribed', cursor: seq, start })
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
    this.#resume()
  }

  /** As a session does: only who was refused credit is told that there is some. */
  #resume(): void {
    if (!this.#refused || !this.hasCredit) return
    this.#refused = false
    this.#source.credit(this.subscriber)
  }

  block(blocked: boolean): void {
    this.#blocked = blocked
    if (!blocked) this.#resume()
  }

  release(): void {
    this.block(false)
    this.acknowledge()
  }

  reconnect(resume: boolean): void {
    this.#source.unsubscribe(this.subscriber)
    this.unacknowledged = 0
    if (!resume) {
      this.held.clear()
      this.#epoch = 0
    }
    this.subscribe(resume && this.#epoch > 0 ? { epoch: this.#epoch, seq: this.#cursor } : undefined)
  }

  resumeAt(seq: number): void {
    this.#source.unsubscribe(this.subscriber)
    this.subscribe({ epoch: this.#epoch, seq })
  }

  check({ stream, firstSeq, markersTo, isBucket, gapsFrom, tally }: Truth): void {
    const accepts = compileFilters(this.#wish.filters)
    const begin = this.frames[0]
    assert.equal(begin?.kind, 'subscribed')
    const start = begin?.kind === 'subscribed' ? begin.cursor : 0
    const batches = this.frames.filter((frame) => frame.kind === 'batch')
    const gaps = this.frames.filter((frame) => frame.kind === 'gap')
    const inGap = (seq: number): boolean => gaps.some(({ from, to }) => seq > from && seq <= to)
    const isUncounted = (seq: number): boolean =>
      batches.some(({ from, to, uncounted }) => uncounted && seq > from && seq <= to)
    const matching = stream
      .filter(({ subject, seq }) => seq > start && accepts(subject) && !inGap(seq))
      .map(({ seq }) => seq)
    const newest = new Map(stream.map((each) => [each.subject, each]))
    const isOld = ({ subject, seq }: Published): boolean => newest.get(subject)?.seq !== seq
    const isGone = (each: Published): boolean => isOld(each) || (each.removal !== 0 && each.seq <= markersTo)
    const sent = batches.flatMap(({ entries }) => entries)
    const seqs = sent.map(({ seq }) => seq)
    assert.deepEqual(
      seqs,
      [...new Set(seqs)].sort((a, b) => a - b),
      'in order, once',
    )
    for (const { from, to, entries } of batches) {
      for (const { seq, subject } of entries) assert.ok(seq > from && seq <= to && accepts(subject))
    }
    assert.equal(this.#cursor, this.subscriber.channel.seq)
    if (isBucket) assert.ok(!gaps.some(({ reason }) => reason === 'retention'), 'what a bucket lacks is superseded')
    if (this.#wish.mode === Mode.ALL) {
      const had = new Set(seqs)
      const excused = new Set(
        stream.filter((each) => isBucket && isUncounted(each.seq) && isGone(each)).map(({ seq }) => seq),
      )
      assert.deepEqual(
        matching.filter((seq) => !had.has(seq) && !excused.has(seq)),
        [],
        'each was sent or announced',
      )
      if (!isBucket) assert.ok(batches.every(({ uncounted }) => !uncounted))
      return
    }
    for (const { subject, seq, removal } of newest.values()) {
      if (!accepts(subject)) continue
      // What both retention and memory have dropped is nowhere to be had; where it was expected, a gap says so.
      const isNowhere = start === 0 && (!this.held.has(subject) || seq <= gapsFrom)
      const excused = !isBucket && seq < firstSeq && (inGap(seq) || isNowhere)
      if (!excused) assert.equal(this.held.get(subject), removal === 0 ? seq : undefined, subject)
    }
    const told = (some: typeof batches): number =>
      some.reduce((sum, { entries, conflated }) => sum + entries.length + conflated, 0)
    assert.ok(told(batches) <= matching.length, `told ${told(batches)} of ${matching.length}`)
    const counted = told(batches.filter(({ uncounted }) => !uncounted))
    const least = matching.filter((seq) => !isUncounted(seq)).length
    if (!isBucket) {
      tally.matched += matching.length
      tally.counted += least
    }
    assert.ok(counted >= least, `told ${counted} where ${least} had to be`)
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
