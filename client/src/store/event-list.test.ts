import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closeCode, Start } from '@weir/proto'
import { batchFrame, type FakeSocket } from '../../test/fake-hub.ts'
import { testWeir } from '../../test/weir.ts'
import { EventList } from './event-list.ts'

test('it holds the newest events, the newest first, and counts all', async () => {
  const { list, socket } = await setUp(3)
  for (let seq = 1; seq <= 10; seq++) await socket.say(batchFrame(1, seq - 1, seq, { [seq]: 'a' }))
  const { events, count } = list.snapshot
  assert.deepEqual([events.map(({ seq }) => seq), count], [[10, 9, 8], 10])
})

test('a snapshot is another object exactly when something has changed', async () => {
  const { list, socket } = await setUp(3)
  await socket.say(batchFrame(1, 0, 1, { 1: 'a' }))
  const first = list.snapshot
  await socket.say(batchFrame(1, 1, 5))
  assert.equal(list.snapshot, first)
  await socket.say({ case: 'gap', value: { id: 1, from: 5n, to: 9n, reason: 'retention' } })
  assert.notEqual(list.snapshot, first)
  assert.deepEqual(list.snapshot.gap, { type: 'gap', from: 5, to: 9, reason: 'retention' })
  assert.deepEqual(
    first.events.map(({ seq }) => seq),
    [1],
  )
})

test('watchers run once a frame, and at the end', async () => {
  const { list, socket, frame } = await setUp(3)
  let runs = 0
  const forget = list.onChange(() => runs++)
  for (let seq = 1; seq <= 5; seq++) await socket.say(batchFrame(1, seq - 1, seq, { [seq]: 'a' }))
  frame()
  assert.equal(runs, 1)
  await socket.cut(closeCode('revoked'), 'No.')
  frame()
  assert.deepEqual([runs, list.snapshot.error?.code], [2, 'revoked'])
  forget()
})

async function setUp(eventsMax: number): Promise<{ list: EventList; socket: FakeSocket; frame: () => void }> {
  const { weir, hub } = testWeir()
  let scheduled: (() => void)[] = []
  const list = new EventList(weir.subscribe({ mode: 'ALL' }), {
    eventsMax,
    schedule: (action) => scheduled.push(action),
  })
  const socket = await hub.welcome()
  await socket.subscribed(1, Start.HEAD, 1, 0)
  const frame = (): void => {
    for (const action of scheduled.splice(0)) action()
    scheduled = []
  }
  return { list, socket, frame }
}
