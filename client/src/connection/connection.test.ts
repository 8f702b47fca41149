import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closeCode, Start } from '@weir/proto'
import { settle } from '../../test/fake-clock.ts'
import { batchFrame, subscribedFrame, welcome } from '../../test/fake-hub.ts'
import { Reader, testWeir } from '../../test/weir.ts'

test('nothing is opened before the first subscription', async () => {
  const { hub, weir } = testWeir()
  await settle()
  assert.equal(hub.sockets.length, 0)
  weir.subscribe({ mode: 'LATEST' })
  await settle()
  assert.equal(hub.sockets.length, 1)
})

test('attempts wait longer and longer, up to half a minute, and begin anew after a connection that lasted', async () => {
  const { hub, weir, clock, states } = testWeir()
  weir.subscribe({ mode: 'LATEST' })
  await settle()
  const waits: number[] = []
  for (let attempt = 0; attempt < 9; attempt++) {
    await hub.socket.cut()
    const before = hub.sockets.length
    let waited = 0
    while (hub.sockets.length === before) {
      await clock.advance(500)
      waited += 500
    }
    waits.push(waited)
  }
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  assert.deepEqual(states, ['connecting', 'offline'])
  await hub.welcome()
  await clock.advance(10_000)
  const before = hub.sockets.length
  await hub.socket.cut()
  await clock.advance(500)
  assert.equal(hub.sockets.length, before + 1)
})

test('a watcher can tell which attempt waits and until when, and which hub answered', async () => {
  const { hub, weir, clock } = testWeir()
  weir.subscribe({ mode: 'LATEST' })
  await hub.welcome()
  assert.deepEqual([weir.connection.attempt, weir.connection.retryAtMs, weir.connection.hub], [0, undefined, 'h'])
  await hub.socket.cut()
  assert.equal(weir.connection.attempt, 1)
  assert.equal(weir.connection.retryAtMs, clock.now() + 500)
  const before = hub.sockets.length
  weir.retryNow()
  await settle()
  assert.equal(hub.sockets.length, before + 1)
  assert.equal(weir.connection.retryAtMs, undefined)
  await hub.socket.cut()
  assert.equal(weir.connection.attempt, 2)
})

test('a connection that ends right after Welcome counts as a failure', async () => {
  const { hub, weir, clock } = testWeir()
  weir.subscribe({ mode: 'LATEST' })
  for (const waitMs of [500, 1000, 2000]) {
    const { length } = hub.sockets
    await hub.welcome()
    await hub.socket.cut(closeCode('overloaded'), 'Full.')
    await clock.advance(waitMs - 1)
    assert.equal(hub.sockets.length, Math.max(1, length))
    await clock.advance(1)
    assert.equal(hub.sockets.length, Math.max(1, length) + 1)
  }
  assert.equal(weir.connection.error?.code, 'overloaded')
})

test('Goaway: the connection stays for the given time, and is then made anew at once', async () => {
  const { hub, weir, clock, states } = testWeir()
  const reader = new Reader(weir.subscribe({ mode: 'ALL' }))
  const first = await hub.welcome()
  await first.subscribed(7, Start.HEAD, 1, 0)
  await first.say({ case: 'goaway', value: { reason: 'draining', reconnectAfterMs: 3000 } })
  await clock.advance(2999)
  await first.say(batchFrame(7, 0, 1, { 1: 'a' }))
  assert.equal(hub.sockets.length, 1)
  await clock.advance(1)
  assert.equal(hub.sockets.length, 2)
  assert.equal(first.closedBy(), 1000)
  const second = await hub.welcome()
  await second.subscribed(4, Start.MEMORY, 1, 1)
  await second.say(batchFrame(4, 1, 2, { 2: 'a' }))
  await first.say(batchFrame(7, 1, 2, { 2: 'late' }))
  await first.say(welcome())
  await first.cut(3500, 'late')
  await clock.advance(9000)
  assert.equal(hub.sockets.length, 2)
  assert.deepEqual(reader.seen, ['a 1', 'a 2'])
  assert.deepEqual(states, ['connecting', 'live', 'recovering', 'live'])
})

test('a hub that closes before its own Goaway is due is left for the next one', async () => {
  const { hub, weir, clock } = testWeir()
  weir.subscribe({ mode: 'LATEST' })
  const first = await hub.welcome(welcome({ heartbeatMs: 100_000 }))
  await first.say({ case: 'goaway', value: { reason: 'draining', reconnectAfterMs: 60_000 } })
  await first.cut(1012)
  await clock.advance(500)
  assert.equal(hub.sockets.length, 2)
  await hub.welcome(welcome({ heartbeatMs: 100_000 }))
  await clock.advance(60_000)
  assert.equal(hub.sockets.length, 2)
})

test('silence of two and a half heartbeats is the end of a connection', async () => {
  const { hub, weir, clock } = testWeir()
  weir.subscribe({ mode: 'LATEST' })
  const socket = await hub.welcome(welcome({ heartbeatMs: 2000 }))
  await clock.advance(4999)
  assert.ok(socket.take('ping').length > 0)
  assert.equal(socket.closedBy(), undefined)
  await clock.advance(1)
  assert.equal(socket.closedBy(), 4000)
  await socket.cut(3500, 'late')
  await clock.advance(500)
  assert.equal(hub.sockets.length, 2)
  assert.equal(weir.connection.state, 'offline')
})

test('a hub that does not welcome in time is given up', async () => {
  const { hub, weir, clock, states } = testWeir()
  weir.subscribe({ mode: 'LATEST' })
  await settle()
  hub.socket.opened()
  await clock.advance(10_000)
  assert.deepEqual(states, ['connecting', 'offline'])
  assert.equal(hub.socket.closedBy(), 4000)
})

test('a page that is hidden for a while is told of the latest less often, and of the newest at once when seen', async () => {
  const { hub, weir, clock, sight } = testWeir()
  const latest = new Reader(weir.subscribe({ mode: 'LATEST', intervalMs: 100 }))
  const socket = await hub.welcome(welcome({ heartbeatMs: 1_000_000 }))
  await socket.subscribed(1, Start.SNAPSHOT, 1, 3)
  await socket.say(batchFrame(1, 3, 5, { 5: 'a' }))
  new Reader(weir.subscribe({ mode: 'ALL' }))
  await socket.subscribed(2, Start.HEAD, 1, 5)
  new Reader(weir.subscribe({ mode: 'LATEST', hiddenIntervalMs: 0 }))
  await socket.subscribed(3, Start.SNAPSHOT, 1, 5)
  sight(false)
  await clock.advance(4999)
  sight(true)
  await clock.advance(60_000)
  assert.deepEqual(socket.take('subscribe'), [], 'a glance elsewhere changes nothing')
  sight(false)
  await clock.advance(5000)
  const [slow, ...others] = socket.take('subscribe')
  assert.deepEqual([slow?.intervalMs, slow?.cursor?.seq, others.length], [5000, 5n, 0])
  assert.equal(socket.take('unsubscribe').length, 1)
  await socket.say(subscribedFrame(slow?.id ?? 0, 4, Start.MEMORY, 1, 5))
  // What is opened meanwhile is slow from its beginning.
  weir.subscribe({ mode: 'LATEST' })
  assert.deepEqual(
    socket.take('subscribe').map(({ intervalMs }) => intervalMs),
    [5000],
  )
  await socket.say(batchFrame(4, 5, 9, { 9: 'b' }))
  sight(true)
  const again = socket.take('subscribe')
  assert.deepEqual(
    again.map(({ intervalMs, cursor }) => [intervalMs, cursor?.seq]),
    [
      [100, 9n],
      [0, undefined],
    ],
  )
  await socket.say(subscribedFrame(again[0]?.id ?? 0, 5, Start.MEMORY, 1, 9))
  await socket.say(batchFrame(5, 9, 10, { 10: 'a' }))
  assert.deepEqual(latest.seen, ['reset', 'a 5', 'b 9', 'a 10'])
  assert.equal(latest.states.at(-1), 'live')
})

test('what is closed or refused for good is not asked for after a loss; what is opened meanwhile is', async () => {
  const { hub, weir, clock, states } = testWeir()
  const closed = weir.subscribe({ filter: 'a', mode: 'LATEST' })
  const refused = new Reader(weir.subscribe({ filter: 'b', mode: 'LATEST' }))
  weir.subscribe({ filter: 'c', mode: 'LATEST' })
  const first = await hub.welcome()
  const [, asked] = first.take('subscribe')
  await first.say({ case: 'refused', value: { id: asked?.id ?? 0, code: 'forbidden', message: 'No.' } })
  assert.ok(refused.done)
  closed.close()
  await first.cut()
  weir.subscribe({ filter: 'd', mode: 'LATEST' })
  await clock.advance(500)
  await hub.socket.cut()
  await clock.advance(1000)
  const second = await hub.welcome()
  const again = second.take('subscribe')
  assert.deepEqual(
    again.map(({ filters }) => filters.join()),
    ['c', 'd'],
  )
  for (const { id } of again) await second.say(subscribedFrame(id, id, Start.SNAPSHOT, 1, 0))
  assert.deepEqual(states, ['connecting', 'offline', 'recovering', 'live'])
})

test('the last of two Goaways counts', async () => {
  const { hub, weir, clock } = testWeir()
  weir.subscribe({ mode: 'LATEST' })
  const socket = await hub.welcome(welcome({ heartbeatMs: 100_000 }))
  for (const reconnectAfterMs of [1000, 5000]) {
    await socket.say({ case: 'goaway', value: { reason: 'age', reconnectAfterMs } })
  }
  await clock.advance(4999)
  assert.equal(hub.sockets.length, 1)
  await clock.advance(1)
  assert.equal(hub.sockets.length, 2)
})

test('a fault in a watcher of the state does not harm the connection', async (t) => {
  const { hub, weir, states } = testWeir()
  const thrown: unknown[] = []
  const original = globalThis.queueMicrotask
  globalThis.queueMicrotask = (action) => {
    try {
      action()
    } catch (error) {
      thrown.push(error)
    }
  }
  t.after(() => {
    globalThis.queueMicrotask = original
  })
  weir.connection.subscribe((state) => {
    if (state === 'live') throw new Error('the badge')
  })
  weir.subscribe({ mode: 'LATEST' })
  const socket = await hub.welcome()
  await socket.subscribed(1, Start.SNAPSHOT, 1, 0)
  assert.deepEqual(states, ['connecting', 'live'])
  assert.equal(thrown.length, 1)
})
