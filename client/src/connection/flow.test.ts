import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Start } from '@weir/proto'
import { settle } from '../../test/fake-clock.ts'
import { batchFrame, type FakeSocket, subscribedFrame, welcome } from '../../test/fake-hub.ts'
import { Reader, testWeir } from '../../test/weir.ts'
import type { Subscription } from '../subscription/subscription.ts'

for (const codec of ['protobuf', 'json'] as const) {
  test(`${codec}: the bytes of messages that carried a batch are acknowledged, and no others`, async () => {
    const { hub, weir, clock } = testWeir({ codec })
    new Reader(weir.subscribe({ mode: 'ALL' }))
    const socket = await hub.welcome()
    await socket.subscribed(1, Start.HEAD, 1, 0)
    let bytes = 0
    for (let seq = 1; seq <= 5; seq++) {
      await socket.say(batchFrame(1, seq - 1, seq, { [seq]: 'räume' }))
      bytes += socket.lastBytes
    }
    await socket.say(batchFrame(1, 5, 9))
    bytes += socket.lastBytes
    await socket.say({ case: 'gap', value: { id: 1, from: 9n, to: 10n, reason: 'retention' } })
    await socket.say({ case: 'pong', value: {} })
    await clock.advance(200)
    assert.equal(acked(socket), bytes)
    await clock.advance(1000)
    assert.equal(acked(socket), 0)
  })
}

test('what is not read is not acknowledged', async () => {
  const { hub, weir, clock } = testWeir()
  const subscription = weir.subscribe({ mode: 'ALL' })
  const socket = await hub.welcome()
  await socket.subscribed(1, Start.HEAD, 1, 0)
  await socket.say(batchFrame(1, 0, 2, { 1: 'a', 2: 'a' }))
  const { lastBytes } = socket
  await clock.advance(5000)
  assert.equal(acked(socket), 0)
  await takeEntry(subscription)
  await takeEntry(subscription)
  await clock.advance(5000)
  assert.equal(acked(socket), 0)
  void subscription.next()
  await clock.advance(200)
  assert.equal(acked(socket), lastBytes)
})

test('a quarter of the window is acknowledged without waiting', async () => {
  const { hub, weir } = testWeir()
  new Reader(weir.subscribe({ mode: 'ALL' }))
  const socket = await hub.welcome(welcome({ windowBytes: 16_384 }))
  await socket.subscribed(1, Start.HEAD, 1, 0)
  let bytes = 0
  for (let seq = 1; bytes < 4096; seq++) {
    assert.equal(acked(socket), 0)
    await socket.say(batchFrame(1, seq - 1, seq, { [seq]: 'x'.repeat(200) }))
    bytes += socket.lastBytes
  }
  assert.equal(acked(socket), bytes)
})

test('a full window is behind, a read one is live again', async () => {
  const { hub, weir, states } = testWeir()
  const subscription = weir.subscribe({ mode: 'ALL' })
  const socket = await hub.welcome(welcome({ windowBytes: 16_384 }))
  await socket.subscribed(1, Start.HEAD, 1, 0)
  await fill(socket, 1, 12_288)
  assert.deepEqual(states, ['connecting', 'live', 'behind'])
  new Reader(subscription)
  await settle()
  assert.deepEqual(states, ['connecting', 'live', 'behind', 'live'])
})

test('a loss while behind gives a new window', async () => {
  const { hub, weir, clock, states } = testWeir()
  weir.subscribe({ mode: 'ALL' })
  const first = await hub.welcome(welcome({ windowBytes: 16_384 }))
  await first.subscribed(1, Start.HEAD, 1, 0)
  await fill(first, 1, 12_288)
  await first.cut()
  await clock.advance(500)
  const second = await hub.welcome(welcome({ windowBytes: 16_384 }))
  await second.subscribed(1, Start.MEMORY, 1, 0)
  assert.deepEqual(states, ['connecting', 'live', 'behind', 'recovering', 'live'])
})

test('a subscription that is not read is set aside when it holds up the others, and resumed when it is read', async () => {
  const { hub, weir, clock, states } = testWeir()
  const idle = weir.subscribe({ filter: 'a', mode: 'ALL' })
  const busy = new Reader(weir.subscribe({ filter: 'b', mode: 'ALL' }))
  const socket = await hub.welcome(welcome({ windowBytes: 16_384, heartbeatMs: 100_000 }))
  const ids = socket.take('subscribe').map(({ id }) => id)
  for (const [place, id] of ids.entries()) await socket.say(subscribedFrame(id, place + 1, Start.HEAD, 1, 0))
  await fill(socket, 1, 12_288)
  await clock.advance(4999)
  assert.equal(socket.take('unsubscribe').length, 0)
  assert.equal(acked(socket), 0)
  await clock.advance(1)
  assert.deepEqual(
    socket.take('unsubscribe').map(({ id }) => id),
    [ids[0]],
  )
  await clock.advance(200)
  assert.ok(acked(socket) >= 12_288)
  assert.equal(states.at(-1), 'live')
  await socket.say(batchFrame(2, 0, 1, { 1: 'b' }))
  assert.deepEqual(busy.seen, ['b 1'])
  assert.equal(socket.take('subscribe').length, 0)

  const resumed = new Reader(idle)
  await settle()
  const [subscribe] = socket.heard.filter((frame) => frame.case === 'subscribe')
  assert.equal(subscribe?.value.cursor?.seq, 0n)
  await socket.subscribed(3, Start.MEMORY, 1, 0)
  await socket.say(batchFrame(3, 0, 2, { 1: 'a', 2: 'a' }))
  assert.deepEqual(resumed.seen, ['a 1', 'a 2'])
})

test('what was set aside goes on right after the last item that was read', async () => {
  const { hub, weir, clock } = testWeir()
  const idle = weir.subscribe({ filter: 'a', mode: 'ALL' })
  weir.subscribe({ filter: 'b', mode: 'ALL' })
  const socket = await hub.welcome(welcome({ windowBytes: 16_384, heartbeatMs: 100_000 }))
  for (const [place, { id }] of socket.take('subscribe').entries()) {
    await socket.say(subscribedFrame(id, place + 1, Start.HEAD, 1, 0))
  }
  await fill(socket, 1, 12_288)
  await takeEntry(idle)
  await clock.advance(10_000)
  new Reader(idle)
  await settle()
  const [subscribe] = socket.heard.filter((frame) => frame.case === 'subscribe')
  assert.equal(subscribe?.value.cursor?.seq, 1n)
})

test('a slow subscription that is read is not set aside, nor is the only one', async () => {
  const { hub, weir, clock } = testWeir()
  const slow = weir.subscribe({ filter: 'a', mode: 'ALL' })
  const socket = await hub.welcome(welcome({ windowBytes: 16_384, heartbeatMs: 100_000 }))
  await socket.subscribed(1, Start.HEAD, 1, 0)
  await fill(socket, 1, 16_000)
  await clock.advance(20_000)
  assert.equal(socket.take('unsubscribe').length, 0)
  weir.subscribe({ filter: 'b', mode: 'ALL' })
  await socket.subscribed(2, Start.HEAD, 1, 0)
  for (let item = 0; item < 10; item++) {
    await takeEntry(slow)
    await clock.advance(4999)
  }
  assert.equal(socket.take('unsubscribe').length, 0)
})

/** Sends so many bytes of batches of one entry. */
async function fill(socket: FakeSocket, channel: number, bytes: number): Promise<void> {
  let seq = 0
  for (let sent = 0; sent < bytes; sent += socket.lastBytes) {
    seq++
    await socket.say(batchFrame(channel, seq - 1, seq, { [seq]: 'x'.repeat(200) }))
  }
}

function acked(socket: FakeSocket): number {
  return socket.take('ack').reduce((sum, { bytes }) => sum + bytes, 0)
}

async function takeEntry(subscription: Subscription): Promise<void> {
  for (;;) if ((await subscription.next()).value?.type === 'entry') return
}
