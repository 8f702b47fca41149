import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock, settle } from '../../test/fake-clock.ts'
import { FakeIngest, problem, type Reply } from '../../test/fake-ingest.ts'
import type { Rejection } from './event-post.ts'
import { Producer, type ProducerOptions } from './producer.ts'

test('events wait for others up to the delay, and travel in one request', async () => {
  const { producer, ingest, clock } = setUp([])
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
  const { producer, ingest, clock } = setUp([])
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
  const { producer, ingest } = setUp([slow], { maxItems: 3 })
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
  const { producer, ingest, clock } = setUp([], { maxItems: 2 })
  for (const id of ['e0', 'e1']) await producer.send('a', { id })
  await settle()
  assert.equal(ingest.stored.size, 2)
  await producer.send('a', { id: 'e2' })
  await clock.advance(50)
  await producer.send('a', { id: 'e3' })
  await clock.advance(50)
  assert.equal(ingest.stored.size, 4)
})

test('the answers of the table that say later are tried again with the same ids, then as told by Retry-After', async () => {
  const lost = () => Promise.reject(new TypeError('fetch failed'))
  const replies: [Reply, number][] = [
    [() => problem(429, 'rate_limited', {}, { 'retry-after': '7' }), 7000],
    [() => problem(503, 'draining', {}, { 'retry-after': '2' }), 2000],
    [() => new Response('<html>', { status: 502 }), 1000],
    [lost, 2000],
    [() => problem(503, 'overloaded', {}, { 'retry-after': '3600' }), 30_000],
    [() => problem(500, 'internal'), 8000],
  ]
  const { producer, ingest, clock, rejections } = setUp(replies.map(([reply]) => reply))
  await producer.send('a', {})
  await clock.advance(50)
  for (const [place, [, waitMs]] of replies.entries()) {
    assert.equal(ingest.requests.length, place + 1)
    await clock.advance(waitMs - 1)
    assert.equal(ingest.requests.length, place + 1, `attempt ${place + 2} came too early`)
    await clock.advance(1)
  }
  assert.equal(ingest.requests.length, 7)
  const ids = new Set(ingest.requests.map(({ batch }) => batch.items[0]?.event?.id))
  assert.equal(ids.size, 1)
  assert.equal(ingest.stored.size, 1)
  assert.deepEqual(rejections, [])
})

test('a Retry-After may be a date', async () => {
  const clock = new FakeClock()
  const date = new Date(clock.now() + 5050).toUTCString()
  const { producer, ingest } = setUp([() => problem(503, 'unavailable', {}, { 'retry-after': date })], {}, clock)
  await producer.send('a', {})
  await clock.advance(50)
  const due = Date.parse(date) - clock.now()
  await clock.advance(due - 1)
  assert.equal(ingest.requests.length, 1)
  await clock.advance(1)
  assert.equal(ingest.requests.length, 2)
})

test('a request without an answer is sent again', async () => {
  const { producer, ingest, clock } = setUp([
    ({ init }) =>
      new Promise((_, reject) => init.signal?.addEventListener('abort', () => reject(new Error('aborted')))),
  ])
  await producer.send('a', {})
  await clock.advance(50 + 30_000 + 250)
  assert.equal(ingest.requests.length, 2)
  assert.equal(ingest.stored.size, 1)
})

test('rejected items are reported with their reasons; the others are stored', async () => {
  const bad = [{ index: 1, code: 'forbidden', message: 'Not granted.' }]
  const { producer, ingest, rejections, clock } = setUp([(request) => ingest.accept(request, bad)])
  for (const id of ['e0', 'e1', 'e2']) await producer.send('a', { id })
  await producer.flush()
  assert.deepEqual(rejections, [{ subject: 'a', id: 'e1', code: 'forbidden', message: 'Not granted.' }])
  assert.deepEqual([...ingest.stored.keys()], ['e0', 'e2'])
  await clock.advance(60_000)
  assert.equal(ingest.requests.length, 1)
})

test('when some failed for a reason that passes, only those are sent again', async () => {
  const rejected = [
    { index: 0, code: 'invalid', message: 'No.' },
    { index: 2, code: 'unavailable', message: 'Later.' },
  ]
  const { producer, ingest, rejections, clock } = setUp([() => problem(503, 'unavailable', { accepted: 1, rejected })])
  for (const id of ['e0', 'e1', 'e2']) await producer.send('a', { id })
  await clock.advance(50 + 250)
  assert.deepEqual(
    ingest.requests.map(({ batch }) => batch.items.map(({ event }) => event?.id).join(' ')),
    ['e0 e1 e2', 'e2'],
  )
  assert.deepEqual(
    rejections.map(({ id }) => id),
    ['e0'],
  )
})

test('a list of rejected items that was cut short decides nothing', async () => {
  const cut = { rejected: [{ index: 0, code: 'invalid', message: 'No.' }], rejectedCount: 2000 }
  const { producer, rejections, clock } = setUp([() => problem(422, 'invalid', cut)])
  for (const id of ['e0', 'e1']) await producer.send('a', { id })
  await clock.advance(50)
  assert.deepEqual(
    rejections.map(({ id, code }) => `${id} ${code}`),
    ['e0 invalid', 'e1 invalid'],
  )
})

test('what will never be stored is reported: 400, 403, 415', async () => {
  for (const [status, code] of [
    [400, 'malformed'],
    [403, 'forbidden'],
    [415, 'unsupported_type'],
  ] as const) {
    const { producer, rejections, ingest, clock } = setUp([() => problem(status, code)])
    await producer.send('a', { id: 'e0' })
    await clock.advance(60_000)
    assert.deepEqual(rejections, [{ subject: 'a', id: 'e0', code, message: `It is ${code}.` }])
    assert.equal(ingest.requests.length, 1)
  }
})

test('a refused token is replaced once', async () => {
  let asked = 0
  const tokens = ['first', 'second', 'third'].map((name) => `e30.${btoa(JSON.stringify({ exp: 4e9, jti: name }))}.s`)
  const { producer, ingest, rejections, clock } = setUp(
    [() => problem(401, 'token_expired'), () => problem(401, 'token_expired'), () => problem(401, 'token_expired')],
    { getToken: () => tokens[asked++] ?? '' },
  )
  await producer.send('a', { id: 'e0' })
  await clock.advance(60_000)
  assert.deepEqual(
    ingest.requests.map(({ init }) => new Headers(init.headers).get('authorization')),
    [`Bearer ${tokens[0]}`, `Bearer ${tokens[1]}`],
  )
  assert.deepEqual(
    rejections.map(({ code }) => code),
    ['token_expired'],
  )
})

test('a batch that is too large is halved until it fits; an event that is too large is reported', async () => {
  const tooLarge: Reply = (request) => {
    const { items } = request.batch
    const large = items.length > 2 || items.some(({ event }) => event?.id === 'e4')
    return large ? problem(413, 'too_large') : ingest.accept(request)
  }
  const { producer, ingest, rejections } = setUp(Array(20).fill(tooLarge))
  for (let count = 0; count < 6; count++) await producer.send('a', { id: `e${count}` })
  await producer.flush()
  assert.deepEqual([...ingest.stored.keys()].sort(), ['e0', 'e1', 'e2', 'e3', 'e5'])
  assert.deepEqual(
    rejections.map(({ id, code }) => `${id} ${code}`),
    ['e4 too_large'],
  )
})

test('events that are each too large are reported, and not sent in halves', async () => {
  const rejected = [0, 1].map((index) => ({ index, code: 'too_large', message: 'It is large.' }))
  const { producer, ingest, rejections } = setUp([() => problem(413, 'too_large', { accepted: 0, rejected })])
  for (const id of ['e0', 'e1']) await producer.send('a', { id })
  await producer.flush()
  assert.equal(ingest.requests.length, 1)
  assert.equal(rejections.length, 2)
})

test('what cannot be delivered for too long is given up and reported', async () => {
  const away: Reply = () => problem(503, 'unavailable', {}, { 'retry-after': '10' })
  const { producer, ingest, rejections, clock } = setUp(Array(99).fill(away), { giveUpMs: 25_000 })
  await producer.send('a', { id: 'e0' })
  await clock.advance(120_000)
  assert.equal(ingest.requests.length, 3)
  assert.deepEqual(
    rejections.map(({ id, code }) => `${id} ${code}`),
    ['e0 unavailable'],
  )
  assert.equal(producer.bufferedBytes, 0)
})

test('what an event is, is checked before it is buffered', async () => {
  const { producer } = setUp([])
  await assert.rejects(producer.send('a..b', {}), { code: 'malformed' })
  await assert.rejects(producer.send('a', { data: { case: 'json', value: 'x'.repeat(262_144) } }), {
    code: 'too_large',
  })
  const fraction = { data: { case: 'stateChange', value: { code: 1.5 } } } as const
  await assert.rejects(producer.send('a', fraction), { code: 'invalid', message: /invalid int32: 1.5/ })
  assert.equal(producer.bufferedBytes, 0)
})

test('what is dropped by the policy is reported', async () => {
  const { producer, rejections } = setUp([], { bufferBytesMax: 100, whenFull: 'drop_oldest' })
  for (let count = 0; count < 3; count++) await producer.send('a', { id: `${count}`.repeat(40) })
  assert.deepEqual(
    rejections.map(({ id, code }) => `${id[0]} ${code}`),
    ['0 overloaded', '1 overloaded'],
  )
})

test('close flushes, and takes no more', async () => {
  const { producer, ingest, clock } = setUp([])
  await producer.send('a', { id: 'e0' })
  await producer.close()
  assert.equal(ingest.stored.size, 1)
  assert.equal(clock.waiting, 0)
  await assert.rejects(producer.send('a', {}), { code: 'conflict' })
  await producer.close()
})

test('close waits for sends that wait for room', async () => {
  const { producer, ingest } = setUp([], { bufferBytesMax: 100 })
  const sends = ['0', '1', '2'].map((id) => producer.send('a', { id: id.repeat(60) }))
  await producer.close()
  await Promise.all(sends)
  assert.equal(ingest.stored.size, 3)
})

test('close gives up at its deadline and reports what is left', async () => {
  const away: Reply = () => problem(503, 'unavailable')
  const { producer, rejections, clock } = setUp(Array(99).fill(away), { maxItems: 1 })
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
  const { producer, rejections, clock } = setUp([], { getToken: () => new Promise(() => {}), maxItems: 1 })
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
  const { producer, ingest, leave } = setUp([never], { maxItems: 1 })
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
  const { producer, ingest, leave } = setUp([])
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
    assert.throws(() => setUp([], options), { code: 'invalid' })
  }
})

function setUp(
  replies: readonly Reply[],
  options: Partial<ProducerOptions> = {},
  clock: FakeClock = new FakeClock(),
): { producer: Producer; ingest: FakeIngest; clock: FakeClock; rejections: Rejection[]; leave: () => void } {
  const ingest = new FakeIngest(...replies)
  const rejections: Rejection[] = []
  let leave = (): void => {}
  const producer = new Producer(
    {
      url: 'https://ingest.test',
      getToken: () => 'token',
      fetch: ingest.fetch,
      onRejected: (rejection) => rejections.push(rejection),
      ...options,
    },
    {
      clock,
      random: () => 1,
      onPageHide(action) {
        leave = action
        return () => {
          leave = () => {}
        }
      },
    },
  )
  return { producer, ingest, clock, rejections, leave: () => leave() }
}
