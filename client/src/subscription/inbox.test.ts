import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cursor } from '@weir/proto'
import { settle } from '../../test/fake-clock.ts'
import { type Delivery, Inbox } from './inbox.ts'
import type { Removed } from './subscription-item.ts'

test('an item is finished when the application comes back, and a delivery when its last item is', async () => {
  const { inbox, finished, deliver } = setUp()
  deliver(5, 100, [2, 4])
  assert.deepEqual(await seqOf(inbox), 2)
  assert.deepEqual(await seqOf(inbox), 4)
  assert.deepEqual(finished, [])
  assert.equal(inbox.heldBytes, 100)
  void inbox.next()
  assert.deepEqual(finished, [100])
  assert.equal(inbox.heldBytes, 0)
})

test('the position follows what was taken, and the last item takes it to the end of its delivery', async () => {
  const { inbox, deliver } = setUp()
  deliver(9, 1, [2, 4])
  assert.deepEqual(inbox.position, undefined)
  await inbox.next()
  assert.deepEqual(inbox.position, { epoch: 1, seq: 2 })
  await inbox.next()
  assert.deepEqual(inbox.position, { epoch: 1, seq: 9 })
})

test('a delivery without items moves the position at once when nothing waits before it', () => {
  const { inbox, finished, deliver } = setUp()
  deliver(7, 20, [])
  assert.deepEqual(inbox.position, { epoch: 1, seq: 7 })
  assert.deepEqual(finished, [20])
})

test('a delivery without items follows what waits before it, without growing the queue', async () => {
  const { inbox, finished, deliver } = setUp()
  deliver(3, 10, [1, 3])
  deliver(5, 10, [5])
  for (let beat = 6; beat < 100; beat++) deliver(beat, 1, [])
  assert.equal(inbox.position, undefined)
  // What waits may be a reset, which has no bytes to give back.
  assert.deepEqual(finished.splice(0), Array(94).fill(1))
  assert.equal(inbox.heldBytes, 20)
  for (const seq of [1, 3, 5]) assert.equal(await seqOf(inbox), seq)
  assert.deepEqual(inbox.position, { epoch: 1, seq: 99 })
  void inbox.next()
  assert.deepEqual(finished, [10, 10])
})

test('a delivery without items behind an item in the application’s hands is finished at once', async () => {
  const { inbox, finished, deliver } = setUp()
  deliver(3, 10, [3])
  await inbox.next()
  deliver(8, 5, [])
  assert.deepEqual(inbox.position, { epoch: 1, seq: 8 })
  assert.deepEqual(finished, [5])
})

test('whoever waits is served in order, and said to wait', async () => {
  let starved = 0
  const { inbox, deliver } = setUp(() => starved++)
  const waiting = [seqOf(inbox), seqOf(inbox), seqOf(inbox)]
  assert.equal(starved, 3)
  deliver(2, 1, [1, 2])
  deliver(3, 1, [3])
  assert.deepEqual(await Promise.all(waiting), [1, 2, 3])
})

test('only the last of several states waits to be taken, before anything else', async () => {
  const { inbox, deliver } = setUp()
  deliver(1, 1, [1])
  inbox.tell({ type: 'state', state: 'recovering' })
  inbox.tell({ type: 'state', state: 'live' })
  assert.deepEqual((await inbox.next()).value, { type: 'state', state: 'live' })
  assert.equal(await seqOf(inbox), 1)
  assert.deepEqual(inbox.position, { epoch: 1, seq: 1 })
})

test('a state is given at once to whoever waits', async () => {
  const { inbox } = setUp()
  const waiting = inbox.next()
  inbox.tell({ type: 'state', state: 'live' })
  assert.deepEqual(await waiting, { done: false, value: { type: 'state', state: 'live' } })
})

test('what is cleared gives its bytes back and leaves the position', async () => {
  const { inbox, finished, deliver } = setUp()
  deliver(5, 100, [2, 4])
  deliver(6, 30, [6])
  await inbox.next()
  inbox.clear()
  assert.deepEqual(finished, [100, 30])
  assert.deepEqual(inbox.position, { epoch: 1, seq: 2 })
  deliver(5, 100, [4])
  assert.equal(await seqOf(inbox), 4)
})

test('after the end takers get what is there, then the end', async () => {
  const { inbox, finished, deliver } = setUp()
  deliver(1, 1, [1])
  inbox.finish(undefined)
  assert.equal(await seqOf(inbox), 1)
  assert.deepEqual(await inbox.next(), { done: true, value: undefined })
  deliver(2, 9, [2])
  assert.deepEqual(finished, [1, 9])
  assert.deepEqual(await inbox.next(), { done: true, value: undefined })
})

test('the first end stands', async () => {
  const { inbox } = setUp()
  inbox.finish(undefined)
  inbox.finish(new Error('gone'))
  assert.deepEqual(await inbox.next(), { done: true, value: undefined })
})

test('an error is thrown to one who waits, and the others get the end', async () => {
  const { inbox } = setUp()
  const outcomes = Promise.allSettled([inbox.next(), inbox.next()])
  inbox.finish(new Error('gone'))
  await settle()
  const [first, second] = await outcomes
  assert.equal(first.status, 'rejected')
  assert.deepEqual(second, { status: 'fulfilled', value: { done: true, value: undefined } })
})

function setUp(starved = () => {}): {
  inbox: Inbox
  finished: number[]
  deliver: (end: number, bytes: number, seqs: readonly number[]) => void
} {
  const inbox = new Inbox(undefined, starved)
  const finished: number[] = []
  const deliver = (seq: number, bytes: number, seqs: readonly number[]): void => {
    const end: Cursor = { epoch: 1, seq }
    const delivery: Delivery = { items: seqs.map(item), end, bytes, finished: (given) => finished.push(given) }
    inbox.deliver(delivery)
  }
  return { inbox, finished, deliver }
}

function item(seq: number): Removed {
  return { type: 'removed', subject: 'a', seq, reason: 'deleted' }
}

async function seqOf(inbox: Inbox): Promise<number | undefined> {
  const { value } = await inbox.next()
  return value !== undefined && 'seq' in value ? value.seq : undefined
}
