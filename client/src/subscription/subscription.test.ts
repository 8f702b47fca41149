import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Mode, Start, WeirError } from '@weir/proto'
import { settle } from '../../test/fake-clock.ts'
import { batchFrame, subscribedFrame, welcome } from '../../test/fake-hub.ts'
import { Reader, testWeir } from '../../test/weir.ts'

test('the token travels in Hello, and the subscription follows Welcome', async () => {
  const { hub, weir, states } = testWeir({ client: 'board/1', windowBytes: 32_768 })
  const reader = new Reader(
    weir.subscribe({ source: 'latest', filters: ['rooms.>', 'halls.*'], intervalMs: 500, mode: 'LATEST' }),
  )
  await settle()
  const { socket } = hub
  assert.equal(socket.url, 'ws://hub.test/v1/ws')
  assert.equal(socket.subprotocol, 'weir.v1')
  socket.opened()
  const [hello] = socket.take('hello')
  assert.deepEqual([hello?.token, hello?.client, hello?.windowBytes], ['token', 'board/1', 32_768])
  assert.deepEqual(socket.heard, [])
  await socket.say(welcome())
  const [subscribe] = socket.heard
  assert.deepEqual(subscribe, {
    case: 'subscribe',
    value: {
      $typeName: 'weir.v1.Subscribe',
      id: 1,
      source: 'latest',
      filters: ['rooms.>', 'halls.*'],
      mode: Mode.LATEST,
      intervalMs: 500,
    },
  })
  await socket.subscribed(7, Start.SNAPSHOT, 1, 0)
  await socket.say(batchFrame(7, 0, 9, { 3: 'rooms.a', 9: '-rooms.b' }))
  assert.deepEqual(reader.seen, ['reset', 'rooms.a 3', '-rooms.b 9'])
  assert.deepEqual(states, ['connecting', 'live'])
})

test('after a loss each subscription resumes where the application is', async () => {
  const { hub, weir, clock, states } = testWeir()
  const subscription = weir.subscribe({ mode: 'ALL' })
  const reader = new Reader(subscription)
  const first = await hub.welcome()
  await first.subscribed(7, Start.HEAD, 3, 40)
  await first.say(batchFrame(7, 40, 45, { 41: 'a', 44: 'b' }))
  assert.equal(subscription.cursor, '3-19')
  await first.cut()
  await clock.advance(500)
  const second = await hub.welcome()
  assert.notEqual(second, first)
  const [subscribe] = second.heard.filter((frame) => frame.case === 'subscribe')
  assert.equal(subscribe?.value.cursor?.epoch, 3n)
  assert.equal(subscribe?.value.cursor?.seq, 45n)
  await second.subscribed(2, Start.MEMORY, 3, 45)
  await second.say(batchFrame(2, 45, 47, { 46: 'c' }))
  assert.deepEqual(reader.seen, ['a 41', 'b 44', 'c 46'])
  assert.deepEqual(states, ['connecting', 'live', 'recovering', 'live'])
  assert.deepEqual(reader.states, ['live', 'recovering', 'live'])
})

test('what was received and not read is asked for again, and so is never doubled or lost', async () => {
  const { hub, weir, clock } = testWeir()
  const subscription = weir.subscribe({ mode: 'ALL' })
  const first = await hub.welcome()
  await first.subscribed(7, Start.HEAD, 1, 0)
  await first.say(batchFrame(7, 0, 3, { 1: 'a', 2: 'a', 3: 'a' }))
  await first.say(batchFrame(7, 3, 4, { 4: 'a' }))
  await nextSeq(subscription)
  await first.cut()
  assert.equal(await nextSeq(subscription), 2)
  await clock.advance(500)
  const second = await hub.welcome()
  const [subscribe] = second.heard.filter((frame) => frame.case === 'subscribe')
  assert.equal(subscribe?.value.cursor?.seq, 2n)
  await second.subscribed(7, Start.MEMORY, 1, 2)
  await second.say(batchFrame(7, 2, 4, { 3: 'a', 4: 'a' }))
  assert.deepEqual([await nextSeq(subscription), await nextSeq(subscription)], [3, 4])
})

test('a refused subscription throws what the hub says; the others go on', async () => {
  const { hub, weir, states } = testWeir()
  const refused = new Reader(weir.subscribe({ filter: 'secret.>', mode: 'LATEST' }))
  const granted = new Reader(weir.subscribe({ filter: 'open.>', mode: 'ALL' }))
  const socket = await hub.welcome()
  const [first, second] = socket.take('subscribe')
  await socket.say({ case: 'refused', value: { id: first?.id ?? 0, code: 'forbidden', message: 'Not granted.' } })
  assert.deepEqual(refused.error, new WeirError('forbidden', 'Not granted.'))
  assert.deepEqual(states, ['connecting'])
  await socket.say(subscribedFrame(second?.id ?? 0, 1, Start.HEAD, 1, 0))
  await socket.say(batchFrame(1, 0, 1, { 1: 'open.a' }))
  assert.deepEqual(granted.seen, ['open.a 1'])
  assert.deepEqual(states, ['connecting', 'live'])
})

test('a refusal as the last answer makes the connection live, and so does closing what was not answered', async () => {
  for (const settleLast of ['refused', 'closed']) {
    const { hub, weir, states } = testWeir()
    weir.subscribe({ filter: 'a', mode: 'LATEST' })
    const last = weir.subscribe({ filter: 'b', mode: 'LATEST' })
    new Reader(last)
    const socket = await hub.welcome()
    const [first, second] = socket.take('subscribe')
    await socket.say(subscribedFrame(first?.id ?? 0, 1, Start.SNAPSHOT, 1, 0))
    assert.deepEqual(states, ['connecting'])
    if (settleLast === 'closed') last.close()
    else await socket.say({ case: 'refused', value: { id: second?.id ?? 0, code: 'forbidden', message: 'No.' } })
    assert.deepEqual(states, ['connecting', 'live'])
  }
})

test('what a renewed token no longer grants is thrown, and its channel may be given anew', async () => {
  const { hub, weir } = testWeir()
  const lost = new Reader(weir.subscribe({ filter: 'a', mode: 'LATEST' }))
  const socket = await hub.welcome()
  const id = await socket.subscribed(1, Start.SNAPSHOT, 1, 0)
  await socket.say({ case: 'refused', value: { id, code: 'forbidden', message: 'No longer.' } })
  assert.deepEqual(lost.error, new WeirError('forbidden', 'No longer.'))
  const next = new Reader(weir.subscribe({ filter: 'b', mode: 'LATEST' }))
  await socket.subscribed(1, Start.SNAPSHOT, 1, 0)
  await socket.say(batchFrame(1, 0, 1, { 1: 'b' }))
  assert.deepEqual(next.seen, ['reset', 'b 1'])
})

test('what was closed while it waited to be asked for again is not asked for', async () => {
  const { hub, weir, clock } = testWeir()
  const subscription = weir.subscribe({ mode: 'LATEST' })
  const socket = await hub.welcome()
  const [asked] = socket.take('subscribe')
  await socket.say({ case: 'refused', value: { id: asked?.id ?? 0, code: 'unavailable', message: 'Later.' } })
  subscription.close()
  await clock.advance(5000)
  assert.equal(socket.take('subscribe').length, 0)
  assert.equal(socket.take('unsubscribe').length, 0)
})

test('an answer that crosses with the end of its subscription is passed over', async () => {
  const { hub, weir, clock, states } = testWeir()
  const subscription = weir.subscribe({ mode: 'LATEST' })
  const socket = await hub.welcome()
  const [asked] = socket.take('subscribe')
  subscription.close()
  const id = asked?.id ?? 0
  await socket.say(subscribedFrame(id, 1, Start.SNAPSHOT, 1, 0))
  await socket.say(batchFrame(1, 0, 1, { 1: 'a' }))
  await socket.say({ case: 'gap', value: { id, from: 1n, to: 2n, reason: 'retention' } })
  await socket.say({ case: 'refused', value: { id, code: 'forbidden', message: 'No.' } })
  await clock.advance(200)
  assert.equal(socket.take('ack').length, 1)
  assert.deepEqual(states, ['connecting', 'live'])
})

test('a hub that begins before the position is asked again, as entries would come twice', async () => {
  const { hub, weir } = testWeir()
  const reader = new Reader(weir.subscribe({ mode: 'ALL', cursor: '1-a' }))
  const socket = await hub.welcome()
  const id = await socket.subscribed(1, Start.MEMORY, 1, 5)
  assert.deepEqual(
    socket.take('unsubscribe').map((frame) => frame.id),
    [id],
  )
  await socket.say(batchFrame(1, 5, 6, { 6: 'a' }))
  await socket.subscribed(1, Start.MEMORY, 1, 10)
  await socket.say(batchFrame(1, 10, 11, { 11: 'a' }))
  assert.deepEqual(reader.seen, ['a 11'])
})

test('what is refused for now is asked for again', async () => {
  const { hub, weir, clock } = testWeir()
  const reader = new Reader(weir.subscribe({ mode: 'LATEST' }))
  const socket = await hub.welcome(welcome({ heartbeatMs: 100_000 }))
  for (const waitMs of [500, 1000]) {
    const [asked] = socket.take('subscribe')
    await socket.say({ case: 'refused', value: { id: asked?.id ?? 0, code: 'unavailable', message: 'NATS is away.' } })
    await clock.advance(waitMs - 1)
    assert.deepEqual(socket.take('subscribe'), [])
    await clock.advance(1)
  }
  await socket.subscribed(1, Start.SNAPSHOT, 1, 0)
  assert.deepEqual(reader.seen, ['reset'])
})

test('a batch that does not continue makes the subscription begin again, and a hub that keeps at it is left', async () => {
  const { hub, weir, clock } = testWeir()
  const reader = new Reader(weir.subscribe({ mode: 'ALL' }))
  const socket = await hub.welcome()
  await socket.subscribed(1, Start.HEAD, 1, 10)
  await socket.say(batchFrame(1, 10, 11, { 11: 'a' }))
  for (let time = 0; time < 3; time++) {
    await socket.say(batchFrame(1, 12, 13, { 13: 'a' }))
    assert.equal(socket.take('unsubscribe').length, 1)
    const [again] = socket.heard.filter((frame) => frame.case === 'subscribe')
    assert.equal(again?.value.cursor?.seq, 11n)
    // Still on its way for the one that was taken back, although it would fit.
    await socket.say(batchFrame(1, 11, 12, { 12: 'old' }))
    await socket.subscribed(1, Start.MEMORY, 1, 11)
  }
  assert.equal(socket.closedBy(), undefined)
  await socket.say(batchFrame(1, 12, 13, { 13: 'a' }))
  assert.equal(socket.closedBy(), 1000)
  await clock.advance(500)
  const second = await hub.welcome()
  await second.subscribed(1, Start.MEMORY, 1, 11)
  await second.say(batchFrame(1, 11, 13, { 12: 'a', 13: 'a' }))
  assert.deepEqual(reader.seen, ['a 11', 'a 12', 'a 13'])
})

test('Subscribed by itself starts a subscription anew', async () => {
  const { hub, weir } = testWeir()
  const latest = weir.subscribe({ mode: 'LATEST' })
  const reader = new Reader(latest)
  const socket = await hub.welcome()
  const id = await socket.subscribed(1, Start.SNAPSHOT, 1, 0)
  await socket.say(batchFrame(1, 0, 4, { 4: 'a' }))
  await socket.say(subscribedFrame(id, 9, Start.SNAPSHOT, 2, 0))
  await socket.say(batchFrame(9, 0, 2, { 2: 'b' }))
  assert.deepEqual(reader.seen, ['reset', 'a 4', 'reset', 'b 2'])
  assert.equal(latest.cursor, '2-2')
  await socket.say(batchFrame(1, 4, 5, { 5: 'a' }))
  assert.equal(reader.seen.length, 4)
  assert.equal(socket.take('unsubscribe').length, 0)
})

test('a hub that gives two subscriptions one channel is left', async () => {
  const { hub, weir } = testWeir()
  for (const filter of ['a', 'b']) weir.subscribe({ filter, mode: 'LATEST' })
  const socket = await hub.welcome()
  for (const { id } of socket.take('subscribe')) await socket.say(subscribedFrame(id, 5, Start.HEAD, 1, 0))
  assert.equal(socket.closedBy(), 1000)
  assert.match(weir.connection.error?.message ?? '', /one channel/)
})

test('leaving the loop unsubscribes, and what still comes is acknowledged', async () => {
  const { hub, weir, clock } = testWeir()
  const subscription = weir.subscribe({ mode: 'ALL' })
  const loop = (async () => {
    for await (const item of subscription) if (item.type === 'entry') break
  })()
  const socket = await hub.welcome()
  const id = await socket.subscribed(1, Start.HEAD, 1, 0)
  await socket.say(batchFrame(1, 0, 2, { 1: 'a', 2: 'a' }))
  await loop
  assert.deepEqual(
    socket.take('unsubscribe').map((frame) => frame.id),
    [id],
  )
  const first = socket.lastBytes
  await socket.say(batchFrame(1, 2, 3, { 3: 'a' }))
  await clock.advance(200)
  assert.deepEqual(
    socket.take('ack').map(({ bytes }) => bytes),
    [first + socket.lastBytes],
  )
  assert.deepEqual(await subscription.next(), { done: true, value: undefined })
})

async function nextSeq(subscription: { next(): Promise<{ value?: unknown }> }): Promise<number | undefined> {
  for (;;) {
    const value = (await subscription.next()).value as { type?: string; seq?: number } | undefined
    if (value?.type !== 'state') return value?.seq
  }
}
