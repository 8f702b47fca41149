import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closeCode, Start, WeirError } from '@weir/proto'
import { settle } from '../../test/fake-clock.ts'
import { batchFrame, type FakeSocket, subscribedFrame, welcome } from '../../test/fake-hub.ts'
import { jwt } from '../../test/jwt.ts'
import { Reader, testTabs } from '../../test/weir.ts'
import type { OpenSocket } from '../session/socket.ts'

test('tabs of one identity have one socket, their own ids, and only their own entries', async () => {
  for (const codec of ['protobuf', 'json'] as const) {
    const { tabs, hub } = testTabs([{ codec }, { codec }])
    const [first, second] = tabs.map(({ weir }) => new Reader(weir.subscribe({ filter: 'a.>', mode: 'ALL' })))
    const socket = await hub.welcome()
    assert.equal(hub.sockets.length, 1)
    assert.equal(socket.take('hello').length, 1)
    const [a, b] = socket.take('subscribe')
    assert.notEqual(a?.id, b?.id)
    await socket.say(subscribedFrame(a?.id ?? 0, 1, Start.HEAD, 1, 0))
    await socket.say(subscribedFrame(b?.id ?? 0, 2, Start.HEAD, 1, 0))
    await socket.say(batchFrame(1, 0, 1, { 1: 'a.x' }))
    await socket.say(batchFrame(2, 0, 2, { 2: 'a.y' }))
    await socket.say({ case: 'gap', value: { id: a?.id ?? 0, from: 1n, to: 5n, reason: 'retention' } })
    assert.deepEqual(first?.seen, ['a.x 1', 'gap 1 5 retention'])
    assert.deepEqual(second?.seen, ['a.y 2'])
    assert.deepEqual(
      tabs.map(({ states }) => states.at(-1)),
      ['live', 'live'],
    )
  }
})

test('a tab that comes later is welcomed with the next word of the hub, and waits for no dead one', async () => {
  const { tabs, hub, clock } = testTabs([{}, {}, {}])
  const [first, second, third] = tabs
  first?.weir.subscribe({ mode: 'LATEST' })
  const socket = await hub.welcome(welcome({ heartbeatMs: 1_000_000 }))
  new Reader(second?.weir.subscribe({ mode: 'LATEST' }) ?? assert.fail())
  await settle()
  assert.equal(socket.take('subscribe').length, 1)
  assert.equal(socket.take('ping').length, 1)
  await socket.say({ case: 'pong', value: {} })
  assert.equal(socket.take('subscribe').length, 1)

  // The third comes when the network is gone: all go on with a new socket.
  third?.weir.subscribe({ mode: 'ALL' })
  await settle()
  await clock.advance(3000)
  assert.equal(socket.closedBy(), 4000)
  await clock.advance(500)
  assert.equal(hub.sockets.length, 2)
  const next = await hub.welcome()
  assert.equal(next.take('subscribe').length, 3)
})

test('a tab that goes takes its subscriptions along, and the last one the socket', async () => {
  const { tabs, hub } = testTabs([{}, {}])
  const [first, second] = tabs
  first?.weir.subscribe({ mode: 'LATEST' })
  second?.weir.subscribe({ mode: 'LATEST' })
  const socket = await hub.welcome()
  const [a, b] = socket.take('subscribe')
  second?.weir.close()
  assert.deepEqual(
    socket.take('unsubscribe').map(({ id }) => id),
    [b?.id],
  )
  assert.equal(socket.closedBy(), undefined)
  await socket.say(subscribedFrame(a?.id ?? 0, 1, Start.SNAPSHOT, 1, 0))
  assert.equal(first?.states.at(-1), 'live')
  first?.weir.close()
  assert.equal(socket.closedBy(), 1000)
})

test('a tab that does not read is paused, and the others go on; it goes on where it was', async () => {
  const { tabs, hub, clock } = testTabs([{ windowBytes: 16_384 }, { windowBytes: 16_384 }])
  const [first, second] = tabs
  const asleep = first?.weir.subscribe({ mode: 'ALL' }) ?? assert.fail()
  const awake = new Reader(second?.weir.subscribe({ mode: 'ALL' }) ?? assert.fail())
  await settle()
  const socket = await hub.welcome(welcome({ windowBytes: 65_536, heartbeatMs: 1_000_000 }))
  assert.equal(socket.take('hello')[0]?.windowBytes, 65_536)
  const [a, b] = socket.take('subscribe')
  await socket.say(subscribedFrame(a?.id ?? 0, 1, Start.HEAD, 1, 0))
  await socket.say(subscribedFrame(b?.id ?? 0, 2, Start.HEAD, 1, 0))
  let [upTo, held] = [0, 0]
  for (; socket.take('unsubscribe').length === 0; upTo += 100) {
    for (const channel of [1, 2]) await socket.say(batchFrame(channel, upTo, upTo + 100, hundred(upTo)))
    held += socket.lastBytes
  }
  assert.ok(held >= 16_384 && held < 16_384 + 3000, `${held} bytes are held`)
  // What is still on its way is dropped, and costs nobody any window.
  await socket.say(batchFrame(1, upTo, upTo + 100, hundred(upTo)))
  await clock.advance(1000)
  const acknowledged = socket.take('ack').reduce((sum, { bytes }) => sum + bytes, 0)
  assert.equal(acknowledged, 2 * held + socket.lastBytes, 'the hub is told that all is done with')
  await socket.say(batchFrame(2, upTo, upTo + 1, { [upTo + 1]: 'a' }))
  assert.equal(awake.seen.length, upTo + 1)

  // It reads again: what it has, and then what comes after.
  const seen: number[] = []
  const read = async (): Promise<void> => {
    for await (const item of asleep) if (item.type === 'entry') seen.push(item.seq)
  }
  void read()
  await settle()
  await clock.advance(1000)
  const [again] = socket.take('subscribe')
  assert.equal(again?.cursor?.seq, BigInt(upTo))
  await socket.say(subscribedFrame(again?.id ?? 0, 3, Start.MEMORY, 1, upTo))
  await socket.say(batchFrame(3, upTo, upTo + 1, { [upTo + 1]: 'a' }))
  assert.deepEqual(
    seen,
    Array.from({ length: upTo + 1 }, (_, at) => at + 1),
  )
})

test('a tab that has not said Hello when another is welcomed is served as soon as it says it', async () => {
  let greet = (): void => assert.fail('the tab has no socket')
  const busy = (open: OpenSocket): OpenSocket => {
    return (url, subprotocol, events) =>
      open(url, subprotocol, {
        ...events,
        opened: (subprotocol) => {
          greet = () => events.opened(subprotocol)
        },
      })
  }
  const { tabs, hub } = testTabs([{}, { through: busy }])
  for (const { weir } of tabs) weir.subscribe({ mode: 'ALL' })
  const socket = await hub.welcome()
  assert.equal(socket.take('subscribe').length, 1)
  greet()
  await socket.say({ case: 'pong', value: {} })
  assert.equal(socket.take('subscribe').length, 1)
})

test('a lone tab that does not read is held back by the window, as without a worker', async () => {
  const { tabs, hub } = testTabs([{ windowBytes: 16_384 }])
  tabs[0]?.weir.subscribe({ mode: 'ALL' })
  const socket = await hub.welcome(welcome({ windowBytes: 65_536 }))
  await socket.subscribed(1, Start.HEAD, 1, 0)
  for (let upTo = 0; upTo < 2000; upTo += 100) await socket.say(batchFrame(1, upTo, upTo + 100, hundred(upTo)))
  assert.deepEqual(socket.take('unsubscribe'), [])
  assert.deepEqual(socket.take('ack'), [])
})

test('another identity has another socket; times and ids of tokens make none', async () => {
  const of = (sub: string, jti: string) => `e30.${btoa(JSON.stringify({ sub, jti, exp: 4e9 }))}.s`
  const { tabs, hub } = testTabs([
    { getToken: () => of('ann', '1') },
    { getToken: () => of('ann', '2') },
    { getToken: () => of('bob', '3') },
  ])
  for (const { weir } of tabs) weir.subscribe({ mode: 'LATEST' })
  await hub.welcome()
  const [ann] = hub.sockets as [FakeSocket]
  await ann.say({ case: 'pong', value: {} })
  assert.equal(hub.sockets.length, 2)
  const bob = await hub.welcome()
  assert.deepEqual(
    [ann, bob].map((socket) => socket.take('subscribe').length),
    [2, 1],
  )
  assert.equal(bob.take('hello')[0]?.token, of('bob', '3'))
})

test('the token of whichever tab lasts longest is the hub’s', async () => {
  const at = 1_769_860_800_000
  const tokens = [
    [jwt(at + 300_000, 'x'), jwt(at + 900_000, 'x')],
    [jwt(at + 200_000, 'x'), jwt(at + 600_000, 'x')],
  ]
  const { tabs, hub, clock } = testTabs(tokens.map((given) => ({ getToken: () => given.shift() ?? '' })))
  const lasting = tokens[0]?.[1]
  for (const { weir } of tabs) weir.subscribe({ mode: 'LATEST' })
  const socket = await hub.welcome(welcome({ heartbeatMs: 1_000_000 }))
  await socket.say({ case: 'pong', value: {} })
  for (const { id } of socket.take('subscribe')) await socket.say(subscribedFrame(id, id, Start.SNAPSHOT, 1, 0))
  // Both know when the token of the first expires, which the hub has.
  await clock.advance(240_000)
  assert.deepEqual(
    socket.take('renew').map(({ token }) => token),
    [lasting],
  )
  await socket.say({ case: 'refused', value: { id: 0, code: 'forbidden', message: 'No.' } })
  assert.deepEqual(tabs[0]?.weir.connection.tokenError, new WeirError('forbidden', 'No.'))
  assert.equal(tabs[1]?.weir.connection.tokenError, undefined)
})

test('what closes the socket closes it for all, with its code, and they come back together', async () => {
  const { tabs, hub, clock } = testTabs([{}, {}])
  const readers = tabs.map(({ weir }) => new Reader(weir.subscribe({ mode: 'ALL' })))
  const socket = await hub.welcome()
  for (const { id } of socket.take('subscribe')) await socket.say(subscribedFrame(id, id, Start.HEAD, 1, 7))
  await socket.cut()
  assert.deepEqual(
    tabs.map(({ states }) => states.at(-1)),
    ['recovering', 'recovering'],
  )
  await clock.advance(500)
  const next = await hub.welcome()
  assert.equal(hub.sockets.length, 2)
  assert.deepEqual(
    next.take('subscribe').map(({ cursor }) => cursor?.seq),
    [7n, 7n],
  )
  await next.cut(closeCode('revoked'), 'Gone.')
  assert.deepEqual(
    readers.map(({ error }) => error?.code),
    ['revoked', 'revoked'],
  )
  assert.equal(clock.waiting, 0)
})

test('who is asked to leave leaves for a new socket, not for the one that goes', async () => {
  const { tabs, hub, clock } = testTabs([{}, {}])
  for (const { weir } of tabs) weir.subscribe({ mode: 'ALL' })
  const socket = await hub.welcome()
  await socket.say({ case: 'goaway', value: { reason: 'draining', reconnectAfterMs: 1000 } })
  await clock.advance(1000)
  assert.equal(hub.sockets.length, 2)
  assert.equal(socket.closedBy(), 1000)
})

test('a hub that answers nothing is left, and no tab is kept at it by another', async () => {
  const { tabs, hub, clock } = testTabs([{}, {}])
  for (const { weir } of tabs) weir.subscribe({ mode: 'ALL' })
  await settle()
  hub.socket.opened()
  await clock.advance(10_000)
  assert.equal(hub.socket.closedBy(), 4000)
  await clock.advance(500)
  assert.equal(hub.sockets.length, 2)
})

function hundred(after: number): Readonly<Record<number, string>> {
  return Object.fromEntries(Array.from({ length: 100 }, (_, at) => [after + at + 1, 'a']))
}
