import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { closeCode, ServerFrameSchema, Start } from '@weir/proto'
import { settle } from '../../test/fake-clock.ts'
import { batchFrame, type FakeSocket, subscribedFrame } from '../../test/fake-hub.ts'
import { testWeir } from '../../test/weir.ts'
import { type LatestStore, latestStore } from './latest-store.ts'

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
  await socket.say({ case: 'gap', value: { id: 1, from: 25n, to: 26n, reason: 'unavailable' } })
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

async function setUp(subjectsMax = 100): Promise<{ store: LatestStore; socket: FakeSocket; frame: () => number }> {
  const { hub, weir } = testWeir()
  let scheduled: (() => void)[] = []
  const store = latestStore(weir.subscribe({ mode: 'LATEST' }), {
    subjectsMax,
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
  return { store, socket, frame }
}

function held(store: LatestStore): Record<string, number> {
  return Object.fromEntries([...store.entries].map(([subject, { seq }]) => [subject, seq]))
}
