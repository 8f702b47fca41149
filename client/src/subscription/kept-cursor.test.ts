import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Start } from '@weir/proto'
import { settle } from '../../test/fake-clock.ts'
import { batchFrame, subscribedFrame } from '../../test/fake-hub.ts'
import { testWeir } from '../../test/weir.ts'
import type { CursorStorage } from './kept-cursor.ts'

test('a subscription goes on after a reload behind the last item that was done with', async () => {
  const storage = new FakeStorage()
  const before = testWeir({ storage })
  const subscription = before.weir.subscribe({ mode: 'ALL', resume: 'orders' })
  const socket = await before.hub.welcome()
  await socket.subscribed(1, Start.HEAD, 1, 0)
  await socket.say(batchFrame(1, 0, 3, { 1: 'a', 2: 'a', 3: 'a' }))
  for (let items = 0; items < 4; items++) await subscription.next()
  await before.clock.advance(1000)
  // The state and three entries were given; the third was never come back from.
  assert.deepEqual(storage.items, { 'weir:orders': '1-2' })

  const after = testWeir({ storage })
  after.weir.subscribe({ mode: 'ALL', resume: 'orders' })
  const again = await after.hub.welcome()
  assert.deepEqual(again.take('subscribe')[0]?.cursor?.seq, 2n)
})

test('it is written once a second at most, and when the subscription is closed', async () => {
  const storage = new FakeStorage()
  const { weir, hub, clock } = testWeir({ storage })
  const subscription = weir.subscribe({ mode: 'ALL', resume: 'orders' })
  const socket = await hub.welcome()
  await socket.subscribed(1, Start.HEAD, 1, 0)
  void drain(subscription)
  for (let seq = 1; seq <= 30; seq++) {
    await socket.say(batchFrame(1, seq - 1, seq, { [seq]: 'a' }))
    await clock.advance(100)
  }
  assert.equal(storage.writes, 3)
  await socket.say(batchFrame(1, 30, 31, { 31: 'a' }))
  await socket.say(batchFrame(1, 31, 32, { 32: 'a' }))
  await settle()
  subscription.close()
  assert.deepEqual([storage.writes, storage.items], [4, { 'weir:orders': '1-w' }])
})

test('a storage that fails, or holds what is no cursor, is as an empty one', async () => {
  for (const storage of [
    {
      getItem: () => {
        throw new Error('forbidden')
      },
      setItem: () => {
        throw new Error('full')
      },
    },
    { getItem: () => 'yesterday', setItem: () => {} },
  ]) {
    const { weir, hub, clock } = testWeir({ storage })
    const subscription = weir.subscribe({ mode: 'ALL', resume: 'orders' })
    const socket = await hub.welcome()
    const [subscribe] = socket.take('subscribe')
    assert.equal(subscribe?.cursor, undefined)
    await socket.say(subscribedFrame(subscribe?.id ?? 0, 1, Start.HEAD, 1, 0))
    await subscription.next()
    await clock.advance(2000)
    subscription.close()
  }
})

test('a cursor that is given counts more than one that was kept', async () => {
  const { weir, hub } = testWeir({ storage: new FakeStorage({ 'weir:orders': '1-5' }) })
  weir.subscribe({ mode: 'ALL', resume: 'orders', cursor: '1-9' })
  const socket = await hub.welcome()
  assert.equal(socket.take('subscribe')[0]?.cursor?.seq, 9n)
})

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items) await settle()
}

class FakeStorage implements CursorStorage {
  items: Record<string, string>
  writes = 0

  constructor(items: Record<string, string> = {}) {
    this.items = items
  }

  getItem(key: string): string | null {
    return this.items[key] ?? null
  }

  setItem(key: string, value: string): void {
    this.items[key] = value
    this.writes++
  }
}
