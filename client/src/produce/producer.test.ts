import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '../../test/fake-clock.ts'
import { problem, type Reply } from '../../test/fake-ingest.ts'
import { testProducer } from '../../test/test-producer.ts'

test('events wait for others up to the delay, and travel in one request', async () => {
  const { producer, ingest, clock } = testProducer([])
  await producer.send('rooms.a', { type: 'x', data: { case: 'json', value: '1' } })
  await clock.advance(49)
  await producer.send('rooms.b', { type: 'y' })
  assert.equal(ingest.requests.length, 0)
  await clock.advance(1)
  const [request] = ingest.requests
  assert.equal(request?.url, 'https://ingest.test/v1/events')
  assert.deepEqual(request?.init.headers, {
    authorization: 'Bearer token',
    'content-type': 'application/x-protobuf',
  })
  assert.deepEqual(
    request?.batch.items.map(({ subject, event }) => [subject, event?.type]),
    [
      ['rooms.a', 'x'],
      ['rooms.b', 'y'],
    ],
  )
  assert.equal(producer.bufferedBytes, 0)
})

test('an event gets an id of its own and the present, and keeps those that it has', async () => {
  const { producer, ingest, clock } = testProducer([])
  await producer.send('a', {})
  await producer.send('a', { id: 'mine', time: { seconds: 7n } })
  await clock.advance(50)
  const events = ingest.requests[0]?.batch.items.map(({ event }) => event)
  assert.match(events?.[0]?.id ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(events?.[0]?.time?.seconds, BigInt(Math.floor((clock.now() - 50) / 1000)))
  assert.deepEqual([events?.[1]?.id, events?.[1]?.time?.seconds], ['mine', 7n])
})

test('a full batch goes at once; the next gathers while it is on its way', async () => {
  let answer = (_: Response): void => {}
  const slow: Reply = () => new Promise((resolve) => (answer = resolve))
  const { producer, ingest } = testProducer([slow], { maxItems: 3 })
  for (let count = 0; count < 8; count++) await producer.send('a', { id: `e${count}` })
  await settle()
  assert.equal(ingest.requests.length, 1)
  answer(Response.json({ accepted: 3, duplicates: 0 }))
  await settle()
  assert.deepEqual(
    ingest.requests.map(({ batch }) => batch.items.map(({ event }) => event?.id).join(' ')),
    ['e0 e1 e2', 'e3 e4 e5', 'e6 e7'],
  )
})

test('exactly a full batch goes at once, and what comes after it is sent as well', async () => {
  const { producer, ingest, clock } = testProducer([], { maxItems: 2 })
  for (const id of ['e0', 'e1']) await producer.send('a', { id })
  await settle()
  assert.equal(ingest.stored.size, 2)
  await producer.send('a', { id: 'e2' })
  await clock.advance(50)
  await producer.send('a', { id: 'e3' })
  await clock.advance(50)
  assert.equal(ingest.stored.size, 4)
})

test('what an event is, is checked before it is buffered', async () => {
  const { producer } = testProducer([])
  await assert.rejects(producer.send('a..b', {}), { code: 'malformed' })
  await assert.rejects(producer.send('a', { data: { case: 'json', value: 'x'.repeat(262_144) } }), {
    code: 'too_large',
  })
  const fraction = { data: { case: 'stateChange', value: { code: 1.5 } } } as const
  await assert.rejects(producer.send('a', fraction), { code: 'invalid', message: /invalid int32: 1.5/ })
  assert.equal(producer.bufferedBytes, 0)
})

test('what is dropped by the policy is reported', async () => {
  const { producer, rejections } = testProducer([], { bufferBytesMax: 100, whenFull: 'drop_oldest' })
  for (let count = 0; count < 3; count++) await producer.send('a', { id: `${count}`.repeat(40) })
  assert.deepEqual(
    rejections.map(({ id, code }) => `${id[0]} ${code}`),
    ['0 overloaded', '1 overloaded'],
  )
})

test('close flushes, and takes no more', async () => {
  const { producer, ingest, clock } = testProducer([])
  await producer.send('a', { id: 'e0' })
  await producer.close()
  assert.equal(ingest.stored.size, 1)
  assert.equal(clock.waiting, 0)
  await assert.rejects(producer.send('a', {}), { code: 'conflict' })
  await producer.close()
})

test('close waits for sends that wait for room', async () => {
  const { producer, ingest } = testProducer([], { bufferBytesMax: 100 })
  const sends = ['0', '1', '2'].map((id) => producer.send('a', { id: id.repeat(60) }))
  await producer.close()
  await Promise.all(sends)
  assert.equal(ingest.stored.size, 3)
})

test('close gives up at its deadline and reports what is left', async () => {
  const away: Reply = () => problem(503, 'unavailable')
  const { producer, rejections, clock } = testProducer(Array(99).fill(away), { maxItems: 1 })
  for (const id of ['e0', 'e1', 'e2']) await producer.send('a', { id })
  let closed = false
  void producer.close(5000).then(() => {
    closed = true
  })
  await clock.advance(4999)
  assert.equal(closed, false)
  await clock.advance(1)
  assert.ok(closed)
  assert.deepEqual(rejections.map(({ id, code }) => `${id} ${code}`).sort(), [
    'e0 unavailable',
    'e1 unavailable',
    'e2 unavailable',
  ])
  assert.equal(clock.waiting, 0)
})

test('close gives up at its deadline also where no token comes', async () => {
  const { producer, rejections, clock } = testProducer([], { getToken: () => new Promise(() => {}), maxItems: 1 })
  await producer.send('a', { id: 'e0' })
  let closed = false
  void producer.close(1000).then(() => {
    closed = true
  })
  await clock.advance(1000)
  assert.ok(closed)
  assert.deepEqual(
    rejections.map(({ id, code }) => `${id} ${code}`),
    ['e0 unavailable'],
  )
})

test('a page that goes away sends what it may at once, in one request that outlives it', async () => {
  const never: Reply = () => new Promise(() => {})
  const { producer, ingest, leave } = testProducer([never], { maxItems: 1 })
  await producer.send('a', { id: 'under way' })
  await producer.send('a', { id: 'waiting' })
  await producer.send('a', { id: 'too much', data: { case: 'json', value: 'x'.repeat(60_000) } })
  leave()
  await settle()
  const [, last] = ingest.requests
  assert.equal(last?.init.keepalive, true)
  assert.deepEqual(
    last?.batch.items.map(({ event }) => event?.id),
    ['under way', 'waiting'],
  )
})

test('a page that goes away after the producer has closed, or with nothing to send, sends nothing', async () => {
  const { producer, ingest, leave } = testProducer([])
  leave()
  await producer.send('a', {})
  await producer.close()
  leave()
  await settle()
  assert.equal(ingest.requests.length, 1)
})

test('options that cannot work are refused', () => {
  for (const options of [
    { url: 'ingest' },
    { url: 'ftp://ingest.test' },
    { maxItems: 0 },
    { bufferBytesMax: 1.5 },
    { whenFull: 'explode' as never },
  ]) {
    assert.throws(() => testProducer([], options), { code: 'invalid' })
  }
})
