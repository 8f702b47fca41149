import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { closeCode, ServerFrameSchema, Start } from '@weir/proto'
import { type FakeClock, settle } from '../../test/fake-clock.ts'
import { batchFrame, type FakeSocket, subscribedFrame } from '../../test/fake-hub.ts'
import { testWeir } from '../../test/weir.ts'
import { type LatestStore, type LatestStoreOptions, latestStore } from './latest-store.ts'

test('it holds the latest entry of each subject', async () => {
  const { store, socket } = await setUp()
  await socket.say(batchFrame(1, 0, 9, { 3: 'a', 5: 'b', 9: 'a' }))
  assert.deepEqual(held(store), { a: 9, b: 5 })
  await socket.say(batchFrame(1, 9, 12, { 10: '-a', 12: 'c' }))
  assert.deepEqual(held(store), { b: 5, c: 12 })
  assert.equal(store.entries.get('b')?.event.id, '5')
})

test('a reset replaces everything', async () => {
  const { store, socket } = await setUp()
  await socket.say(batchFrame(1, 0, 9, { 3: 'a', 5: 'b' }))
  await socket.say(subscribedFrame(1, 2, Start.SNAPSHOT, 2, 0))
  await socket.say(batchFrame(2, 0, 1, { 1: 'b' }))
  assert.deepEqual(held(store), { b: 1 })
})

test('watchers run at once, then once a frame however much arrives, and not for nothing', async () => {
  const { store, socket, frame } = await setUp()
  frame()
  const sizes: number[] = []
  const stop = store.subscribe((entries) => sizes.push(entries.size))
  assert.deepEqual(sizes, [0])
  for (let seq = 1; seq <= 20; seq++) await socket.say(batchFrame(1, seq - 1, seq, { [seq]: `s${seq}` }))
  assert.deepEqual(sizes, [0])
  assert.equal(frame(), 1)
  assert.deepEqual(sizes, [0, 20])
  await socket.say(batchFrame(1, 20, 25, { 25: '-unknown' }))
  assert.equal(frame(), 0)
  await socket.say(subscribedFrame(1, 1, Start.SNAPSHOT, 2, 0))
  assert.equal(frame(), 1)
  assert.deepEqual(sizes, [0, 20, 0])
  stop()
  await socket.say(batchFrame(1, 0, 1, { 1: 'late' }))
  frame()
  assert.deepEqual(sizes, [0, 20, 0])
})

test('subjects past the bound are left out and counted; those that are known go on', async () => {
  const { store, socket } = await setUp(2)
  await socket.say(batchFrame(1, 0, 4, { 1: 'a', 2: 'b', 3: 'c', 4: 'd' }))
  await socket.say(batchFrame(1, 4, 5, { 5: 'a' }))
  assert.deepEqual(held(store), { a: 5, b: 2 })
  assert.equal(store.leftOut, 2)
  await socket.say(batchFrame(1, 5, 7, { 6: '-b', 7: 'c' }))
  assert.deepEqual(held(store), { a: 5, c: 7 })
  await socket.say(subscribedFrame(1, 2, Start.SNAPSHOT, 2, 0))
  assert.equal(store.leftOut, 0)
})

test('an entry that is kept does not keep the message that it came in', async () => {
  const { store, socket } = await setUp()
  const message = toBinary(ServerFrameSchema, create(ServerFrameSchema, { frame: batchFrame(1, 0, 1, { 1: 'a' }) }))
  await socket.sayRaw(message)
  message.fill(0)
  assert.equal(store.entries.get('a')?.event.id, '1')
})

test('the end of the subscription is told', async () => {
  const { store, socket, frame } = await setUp()
  frame()
  let runs = 0
  store.subscribe(() => runs++)
  await socket.cut(closeCode('revoked'), 'Revoked.')
  assert.equal(store.error?.code, 'revoked')
  frame()
  assert.equal(runs, 2)
})

test('closed, it unsubscribes and tells nothing more', async () => {
  const { store, socket, frame } = await setUp()
  frame()
  let runs = 0
  store.subscribe(() => runs++)
  await socket.say(batchFrame(1, 0, 1, { 1: 'a' }))
  store.close()
  await settle()
  assert.equal(socket.take('unsubscribe').length, 1)
  frame()
  assert.equal(runs, 1)
})

test('a snapshot is another object exactly when something has changed, and so is each of its rows', async () => {
  const { store, socket } = await setUp()
  await socket.say(batchFrame(1, 0, 2, { 1: 'a', 2: 'b' }))
  const first = store.snapshot
  assert.equal(store.snapshot, first)
  await socket.say(batchFrame(1, 2, 3))
  await socket.say(batchFrame(1, 3, 4, { 4: '-unknown' }))
  assert.equal(store.snapshot, first)
  await socket.say(batchFrame(1, 4, 5, { 5: 'a' }))
  const second = store.snapshot
  assert.notEqual(second, first)
  assert.notEqual(second.rows.get('a'), first.rows.get('a'))
  assert.equal(second.rows.get('b'), first.rows.get('b'))
  assert.deepEqual([first.rows.get('a')?.entry.seq, second.rows.get('a')?.entry.seq], [1, 5])
})

test('what comes with the state is no news; a second entry is, and so is all after a pause', async () => {
  const { store, socket, frame, clock } = await setUp()
  const isSnapshot = (): unknown =>
    Object.fromEntries([...store.snapshot.rows].map(([key, row]) => [key, row.isSnapshot]))
  await socket.say(batchFrame(1, 0, 3, { 1: 'a', 2: 'b' }))
  frame()
  await socket.say(batchFrame(1, 3, 5, { 4: 'b', 5: 'c' }))
  assert.deepEqual(isSnapshot(), { a: true, b: false, c: true })
  frame()
  await clock.advance(100)
  await socket.say(batchFrame(1, 5, 6, { 6: 'd' }))
  assert.deepEqual(isSnapshot(), { a: true, b: false, c: true, d: false })
})

test('a subject grows stale, is fresh again when something comes, and gone when it is removed', async () => {
  const { store, socket, frame, clock } = await setUp(100, { staleMs: 1000, goneMs: 2000 })
  const seen: string[] = []
  store.onChange(() => seen.push([...store.snapshot.rows.values()].map((row) => row.freshness).join()))
  const after = async (milliseconds: number): Promise<string | undefined> => {
    await clock.advance(milliseconds)
    frame()
    return seen.at(-1)
  }
  await socket.say(batchFrame(1, 0, 2, { 1: 'a', 2: 'b' }))
  assert.equal(await after(0), 'fresh,fresh')
  assert.equal(await after(1000), 'stale,stale')
  await socket.say(batchFrame(1, 2, 4, { 3: 'a', 4: '-b' }))
  assert.equal(await after(0), 'fresh,gone')
  assert.deepEqual([...store.entries.keys()], ['a'])
  assert.equal(await after(1000), 'stale,gone')
  assert.equal(await after(1000), 'stale')
  await socket.say(batchFrame(1, 4, 5, { 5: 'b' }))
  assert.equal(await after(0), 'stale,fresh')
})

test('a gap is told until the next reset', async () => {
  const { store, socket } = await setUp()
  await socket.say({ case: 'gap', value: { id: 1, from: 0n, to: 26n, reason: 'unavailable' } })
  assert.deepEqual(store.snapshot.gap, { type: 'gap', from: 0, to: 26, reason: 'unavailable' })
  await socket.say(subscribedFrame(1, 2, Start.SNAPSHOT, 2, 0))
  assert.equal(store.snapshot.gap, undefined)
})

async function setUp(
  subjectsMax = 100,
  options: Partial<LatestStoreOptions> = {},
): Promise<{ store: LatestStore; socket: FakeSocket; clock: FakeClock; frame: () => number }> {
  const { hub, weir, clock } = testWeir()
  let scheduled: (() => void)[] = []
  const store = latestStore(weir.subscribe({ mode: 'LATEST' }), {
    subjectsMax,
    clock,
    ...options,
    schedule: (action) => scheduled.push(action),
  })
  const socket = await hub.welcome()
  await socket.subscribed(1, Start.SNAPSHOT, 1, 0)
  const frame = (): number => {
    const actions = scheduled
    scheduled = []
    for (const action of actions) action()
    return actions.length
  }
  return { store, socket, clock, frame }
}

function held(store: LatestStore): Record<string, number> {
  return Object.fromEntries([...store.entries].map(([subject, { seq }]) => [subject, seq]))
}
