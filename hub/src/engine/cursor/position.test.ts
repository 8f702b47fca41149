import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compileFilters, Mode, Removal, Start } from '@weir/proto'
import fc from 'fast-check'
import { Channel } from '../channel.ts'
import type { Codec } from '../delivery/codec.ts'
import type { Receiver } from '../delivery/receiver.ts'
import { type Origin, Subscriber } from '../delivery/subscriber.ts'
import { type Entry, newSubject } from '../log/entry.ts'
import { EntryLog } from '../log/entry-log.ts'
import { MemoryBudget } from '../log/memory-budget.ts'
import { StreamCatchUp } from '../stream-catch-up.ts'
import { advance } from './advance.ts'
import { Position } from './position.ts'

const subjects = ['a', 'b', 'c', 'd', 'e', 'f']
const operation = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('append' as const), subject: fc.constantFrom(...subjects) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('step' as const), bytesMax: fc.constantFrom(1, 3_000, 1e9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('gap' as const), count: fc.constantFrom(1, 1, 80) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('snapshot' as const) }) },
)
const mode = fc.constantFrom(Mode.ALL, Mode.LATEST)
const filters = fc.constantFrom(['>'], ['a', 'b', 'f'])

describe('a position', () => {
  test('owes what has left the ring and was neither sent nor counted, whatever moved it', async () => {
    let [streamed, owed] = [0, 0]
    await fc.assert(
      fc.asyncProperty(
        mode,
        filters,
        fc.array(operation, { size: 'max', maxLength: 120 }),
        async (mode, filters, all) => {
          const world = new World(mode, filters)
          for (const each of all) {
            if (each.kind === 'append') for (let count = 0; count < 8; count++) world.append(each.subject)
            else if (each.kind === 'step') await world.step(each.bytesMax)
            else if (each.kind === 'gap') for (let count = 0; count < each.count; count++) world.gap()
            else if (mode === Mode.LATEST) world.snapshot()
            world.check()
            owed = Math.max(owed, world.position.owed)
          }
          streamed += world.streamed
        },
      ),
      { numRuns: 1_000, includeErrorInReport: true },
    )
    assert.ok(streamed > 100, `${streamed} reads of the stream`)
    assert.ok(owed > 20, `${owed} owed at most`)
  })

  test('begins where its cursor says, as far as memory allows', () => {
    const { log } = new World(Mode.LATEST, ['>'])
    for (let count = 0; count < 100; count++)
      log.append('a', log.head + 1, new Uint8Array(1_000), Removal.UNSPECIFIED, 0)
    const { completeFrom, head } = log
    assert.ok(completeFrom > 1)
    const position = new Position(3)
    assert.equal(position.resume(completeFrom, Mode.ALL, log, head), Start.MEMORY)
    assert.equal(position.resume(completeFrom - 1, Mode.ALL, log, head), Start.STREAM)
    assert.equal(position.uncountedTo, 0, 'mode ALL counts nothing')
    assert.equal(position.resume(1, Mode.LATEST, log, head), Start.MEMORY)
    assert.deepEqual([position.seq, position.uncountedTo, position.countedFrom], [1, completeFrom, completeFrom])
    assert.equal(position.snapshot(log, head), Start.SNAPSHOT)
    assert.deepEqual([position.seq, position.safeTo], [0, head])
    assert.equal(position.follow(head), Start.HEAD)
    assert.deepEqual([position.seq, position.safeTo, position.uncountedTo], [head, head, 0])
    assert.equal(position.restart(log), Start.STREAM)
    assert.equal(position.seq, 0)
  })

  test('that is read from the stream is safe from forgetting up to what was forgotten when it was read last', () => {
    const { log } = new World(Mode.LATEST, ['>'])
    log.append('gone', 1, new Uint8Array(0), Removal.DELETED, 0)
    for (let seq = 2; seq < 100; seq++) log.append('a', seq, new Uint8Array(1_000), Removal.UNSPECIFIED, 0)
    const position = new Position(0)
    position.snapshot(log, log.head)
    position.streamUntil(50, log)
    assert.ok(position.isStreaming)
    assert.equal(position.safeTo, 0)
    log.forgetRemovals(1e6)
    assert.equal(log.removalsFrom, 1)
    position.streamUntil(20, log)
    assert.deepEqual([position.safeTo, position.streamTo], [1, 50])
    position.pass(50)
    assert.ok(!position.isStreaming)
  })
})

const origin: Origin = {
  name: 'events',
  credit: () => undefined,
  lagOf: () => ({ entries: 0, ms: 0 }),
  unsubscribe: () => undefined,
}

/** One log with a small ring, and one subscriber that is always behind. */
class World {
  readonly log: EntryLog
  readonly #channel: Channel
  readonly #subscriber: Subscriber
  readonly #accepts: (subject: string) => boolean
  readonly #catchUp: StreamCatchUp
  /** All that was ever stored. */
  readonly #stored: { readonly seq: number; readonly subject: string }[] = []
  /** Past this sequence everything is told by name or number. */
  #countedFrom = 0
  #told = 0
  /** What the stream gave last: all of it is told by name or number, as far as it was taken. */
  #read: readonly Entry[] = []
  streamed = 0

  constructor(mode: Mode, filters: readonly string[]) {
    const budget = new MemoryBudget({ ringBytesMax: 1e9, keptBytesMax: 1e9 })
    const bounds = {
      tenant: 'main',
      budget,
      ringBytesMax: 24_000,
      subjectsMax: 4,
      tombstonesMax: 10,
      tombstoneMs: 1_000,
    }
    this.log = new EntryLog(bounds, (first, last) => this.#channel.oweDropped(this.log, first, last))
    this.log.begin(1)
    this.log.loaded(0, 1, false)
    this.#channel = new Channel(1, origin, { filters, intervalMs: 0, gatherMs: 0, copy: 0 }, 0)
    this.#accepts = compileFilters(filters)
    this.#subscriber = new Subscriber(this.#receiver(), 1, mode, this.#channel)
    this.#channel.add(this.#subscriber)
    const counters = { inbound: 0, batches: 0, deliveries: 0, conflated: 0, gaps: 0, streamReads: 0 }
    const read = ({ after, complete }: { after: number; complete: number }) => {
      this.#read = this.#stored
        .filter(({ seq, subject }) => seq > after && seq <= complete && this.#accepts(subject))
        .map(({ seq, subject }) => stored(seq, subject))
      return Promise.resolve({ entries: this.#read, to: complete, lostTo: after })
    }
    this.#catchUp = new StreamCatchUp(
      this.log,
      { read, range: () => Promise.reject(new Error('nobody asks')) },
      counters,
    )
  }

  get position(): Position {
    return this.#subscriber.position
  }

  append(subject: string, bytes = 300): void {
    const seq = this.log.head + 1
    this.#stored.push({ seq, subject })
    this.log.append(subject, seq, new Uint8Array(bytes), Removal.UNSPECIFIED, 0)
  }

  gap(): void {
    this.log.gap(this.log.head, this.log.head + 2)
    // Small, so that more gaps than are known one by one are in the ring.
    this.append('a', 10)
  }

  snapshot(): void {
    this.position.snapshot(this.log, this.log.head)
    this.#countAgain(this.position.uncountedTo)
  }

  async step(bytesMax: number): Promise<void> {
    const { position, log } = this
    const { mode } = this.#subscriber
    if (position.seq >= log.head) return
    const step = advance(log, position, { mode, accepts: this.#accepts }, log.head, bytesMax)
    switch (step.kind) {
      case 'chunk':
        if (step.uncountedTo !== position.uncountedTo) this.#countAgain(step.uncountedTo)
        this.#tell(step.entries, step.conflated)
        position.sent(step)
        break
      case 'gap':
        // Of gaps that are too many to be known one by one, all in between is announced with them.
        this.#told += this.#matching.filter(({ seq }) => seq > position.seq && seq <= step.to).length
        position.pass(step.to)
        break
      case 'snapshot':
        this.snapshot()
        break
      case 'stream': {
        this.streamed++
        assert.ok(await this.#catchUp.next(this.#subscriber))
        const told = this.#read.filter(({ seq }) => seq <= position.seq)
        this.#tell(told, 0)
      }
    }
  }

  /** Everything that matches was told, is owed, or is still to come from the ring. */
  check(): void {
    const { position, log } = this
    const comes = Math.max(position.seq, log.completeFrom)
    const matching = this.#matching
    const toCome = matching.filter(({ seq }) => seq > comes).length
    if (this.#subscriber.mode === Mode.ALL) {
      assert.equal(position.owed, 0)
      assert.equal(this.#told + matching.filter(({ seq }) => seq > position.seq).length, matching.length)
    } else assert.equal(this.#told + position.owed + toCome, matching.length)
  }

  get #matching(): readonly { readonly seq: number }[] {
    return this.#stored.filter(({ seq, subject }) => seq > this.#countedFrom && this.#accepts(subject))
  }

  #countAgain(from: number): void {
    this.#countedFrom = from
    this.#told = 0
  }

  #tell(entries: readonly Entry[], conflated: number): void {
    this.#told += entries.filter(({ seq }) => seq > this.#countedFrom).length + conflated
  }

  /** Takes whatever comes. */
  #receiver(): Receiver {
    const codec: Codec = {
      index: 0,
      binary: true,
      batch: (_head, _epoch, entries) => new Uint8Array(entries.length * 10),
    }
    return {
      codec,
      chunkBytesMax: 2_000,
      hasCredit: true,
      take: () => true,
      notify: () => undefined,
    }
  }
}

/** As a stream gives it. */
function stored(seq: number, subject: string): Entry {
  return {
    seq,
    state: newSubject(subject),
    removal: Removal.UNSPECIFIED,
    bytes: new Uint8Array(330),
    start: 0,
    end: 330,
  }
}
