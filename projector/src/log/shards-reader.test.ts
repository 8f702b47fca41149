import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Places } from './place.ts'
import type { WaitingMessage } from './shard-reader.ts'
import { type ReadAhead, ShardsReader } from './shards-reader.ts'

/** Seen from now: when a message that is waited for arrived, and one that was. */
const later = 60_000
const longAgo = -60_000

test('the least place is next, and a stream that has nothing is waited for', async () => {
  const [a, b] = [new FakeShard(0), new FakeShard(1)]
  const { taken, ended } = run([a, b], 4)
  a.push(20)
  a.push(50)
  // Messages are under way: the first of them is no reason to go on.
  await turns()
  assert.deepEqual(taken, [])
  b.push(10)
  b.push(30)
  await turns()
  assert.deepEqual(taken, ['1: 10', '0: 20', '1: 30'])
  b.push(60)
  await ended
  assert.deepEqual(taken, ['1: 10', '0: 20', '1: 30', '0: 50'])
})

test('a quiet stream is waited for no longer than its messages are under way; what comes then is late', async () => {
  const [a, b] = [new FakeShard(0), new FakeShard(1)]
  const { taken, ended } = run([a, b], 3)
  a.push(20, longAgo)
  await turns()
  assert.deepEqual(taken, ['0: 20'])
  b.push(10, longAgo)
  b.push(30, longAgo)
  await ended
  assert.deepEqual(taken, ['0: 20', '1: 10 late', '1: 30'])
})

test('a stream that has more stored is waited for, however long that takes', async () => {
  const [a, b] = [new FakeShard(0), new FakeShard(1)]
  b.hasMore = true
  const { taken, ended } = run([a, b], 2)
  a.push(20, longAgo)
  await turns()
  assert.deepEqual(taken, [])
  b.push(10, longAgo)
  b.hasMore = false
  await ended
  assert.deepEqual(taken, ['1: 10', '0: 20'])
})

test('a stream that cannot be read ends the reading of all', async () => {
  const [a, b] = [new FakeShard(0), new FakeShard(1)]
  const { ended } = run([a, b], 1)
  b.fail(new Error('gone'))
  await assert.rejects(ended, /gone/)
  assert.ok(a.isClosed)
})

test('places follow the time of storing, and in a stream its order', () => {
  const places = new Places(1_000)
  const first = places.next(2, 1_500, 0)
  assert.equal(first, places.of(2, 1_500))
  assert.ok(places.of(3, 1_500) > first && places.of(0, 1_501) > places.of(15, 1_500))
  const sameTime = places.next(2, 1_500, first)
  const setBack = places.next(2, 900, sameTime)
  assert.ok(first < sameTime && sameTime < setBack)
  assert.deepEqual([first % 16, sameTime % 16, setBack % 16], [2, 2, 2])
  assert.equal(places.of(5, 0), 0)
  const years = 17 * 366 * 86_400 * 1e6
  assert.ok(Number.isSafeInteger(places.of(15, 1_000 + years)))
})

function run(shards: readonly FakeShard[], count: number): { taken: string[]; ended: Promise<void> } {
  const taken: string[] = []
  const ended = new ShardsReader(shards).run(({ seq, shard }) => {
    taken.push(`${shard?.index}: ${seq}${shard?.isLate ? ' late' : ''}`)
    return taken.length === count ? 'stop' : undefined
  })
  return { taken, ended }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

class FakeShard implements ReadAhead {
  readonly index: number
  readonly epoch = 1
  hasMore = false
  isClosed = false
  readonly #waiting: WaitingMessage[] = []
  #arrived = (): void => undefined
  #end: { resolve(): void; reject(cause: Error): void } | undefined

  constructor(index: number) {
    this.index = index
  }

  get first(): WaitingMessage | undefined {
    return this.#waiting[0]
  }

  get isAtHead(): boolean {
    return this.#waiting.length === 0 && !this.hasMore
  }

  get pending(): number {
    return this.#waiting.length
  }

  run(arrived: () => void): Promise<void> {
    this.#arrived = arrived
    return new Promise((resolve, reject) => {
      this.#end = { resolve, reject }
    })
  }

  take(): void {
    this.#waiting.shift()
  }

  close(): void {
    this.isClosed = true
    this.#end?.resolve()
  }

  fail(cause: Error): void {
    this.#end?.reject(cause)
  }

  push(place: number, fromNowMs = later): void {
    const message = {
      subject: '',
      seq: place,
      storedAtMs: 0,
      storedAtUs: 0,
      pending: 0,
      payload: noBytes,
      removal: 0,
    } as const
    const arrivedAt = performance.now() + fromNowMs
    this.#waiting.push({ message: { ...message, header: () => '' }, subject: '', place, arrivedAt })
    this.#arrived()
  }
}

const noBytes = new Uint8Array(0)
