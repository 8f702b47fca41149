import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '../../test/fake-clock.ts'
import { Outbox, type WhenFull } from './outbox.ts'
import type { OutboxItem } from './outbox-item.ts'

test('a batch ends at the bound of items or of bytes, and has one item at least', async () => {
  const { outbox } = setUp('throw', 1000)
  for (const [id, size] of [
    ['a', 10],
    ['b', 10],
    ['c', 10],
    ['d', 200],
    ['e', 40],
    ['f', 60],
  ] as const)
    await outbox.put(item(id, size))
  assert.equal(ids(outbox.take(2, 100)), 'ab')
  outbox.settle()
  assert.equal(ids(outbox.take(9, 100)), 'c')
  outbox.settle()
  assert.equal(ids(outbox.take(9, 100)), 'd')
  outbox.settle()
  assert.equal(outbox.bytes, 100)
  assert.equal(ids(outbox.take(9, 100)), 'ef')
})

test('what is on its way counts until it is settled', async () => {
  const { outbox } = setUp('throw', 100)
  await outbox.put(item('a', 60))
  outbox.take(1, 100)
  await assert.rejects(outbox.put(item('b', 41)), { code: 'overloaded' })
  await outbox.put(item('c', 40))
  outbox.settle()
  await outbox.put(item('b', 60))
})

test('an event as large as the buffer fits', async () => {
  const { outbox } = setUp('block', 100)
  await outbox.put(item('a', 100))
  const second = outbox.put(item('b', 100))
  outbox.take(1, 100)
  outbox.settle()
  await second
})

test('flushed waits for senders that wait for room', async () => {
  const { outbox } = setUp('block', 100)
  await outbox.put(item('a', 100))
  void outbox.put(item('b', 100))
  let flushed = false
  const done = outbox.flushed().then(() => {
    flushed = true
  })
  outbox.take(1, 100)
  outbox.settle()
  await settle()
  assert.equal(flushed, false)
  outbox.take(1, 100)
  outbox.settle()
  await done
})

test('block: senders wait for room in their order, and only so many', async () => {
  const { outbox } = setUp('block', 100)
  const done: string[] = []
  const put = (id: string, size: number) => outbox.put(item(id, size)).then(() => done.push(id))
  await put('a', 90)
  const waiting = [put('b', 60), put('c', 5)]
  await assert.rejects(outbox.put(item('d', 5)), { code: 'overloaded' })
  await settle()
  assert.deepEqual(done, ['a'])
  outbox.take(1, 100)
  outbox.settle()
  await Promise.all(waiting)
  assert.deepEqual(done, ['a', 'b', 'c'])
  assert.equal(ids(outbox.take(9, 100)), 'bc')
})

test('drop_oldest: those that wait longest make room, never those on their way', async () => {
  const { outbox, dropped } = setUp('drop_oldest', 100)
  await outbox.put(item('a', 40))
  outbox.take(1, 100)
  for (const id of ['b', 'c', 'd']) await outbox.put(item(id, 30))
  assert.deepEqual(dropped, ['b'])
  assert.equal(ids(outbox.all()), 'acd')
  await outbox.put(item('e', 90))
  assert.deepEqual(dropped, ['b', 'c', 'd', 'e'])
})

test('drop_newest: the new one is left out', async () => {
  const { outbox, dropped } = setUp('drop_newest', 100)
  await outbox.put(item('a', 90))
  await outbox.put(item('b', 20))
  assert.deepEqual(dropped, ['b'])
  assert.equal(outbox.bytes, 90)
})

test('an event larger than the buffer has no place in any policy', async () => {
  for (const whenFull of ['block', 'drop_oldest', 'drop_newest', 'throw'] as const) {
    await assert.rejects(setUp(whenFull, 100).outbox.put(item('a', 101)), { code: 'too_large' })
  }
})

test('flushed resolves when what was there is settled, whatever comes later', async () => {
  const { outbox } = setUp('drop_oldest', 1000)
  let flushed = false
  await outbox.put(item('a', 10))
  await outbox.put(item('b', 10))
  const done = outbox.flushed().then(() => {
    flushed = true
  })
  await outbox.put(item('c', 10))
  for (const expected of ['a', 'b']) {
    assert.equal(flushed, false)
    assert.equal(ids(outbox.take(1, 100)), expected)
    outbox.settle()
    await settle()
  }
  await done
  assert.equal(outbox.waitingCount, 1)
  await setUp('throw', 1).outbox.flushed()
})

function setUp(whenFull: WhenFull, bytesMax: number): { outbox: Outbox; dropped: string[] } {
  const dropped: string[] = []
  const outbox = new Outbox({ bytesMax, whenFull, sendersMax: 2, dropped: ({ id }) => dropped.push(id) })
  return { outbox, dropped }
}

function item(id: string, size: number): OutboxItem {
  return { subject: 's', id, bytes: new Uint8Array(size) }
}

function ids(items: readonly OutboxItem[]): string {
  return items.map(({ id }) => id).join('')
}
