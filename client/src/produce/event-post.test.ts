import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../test/fake-clock.ts'
import { problem, type Reply } from '../../test/fake-ingest.ts'
import { testProducer } from '../../test/test-producer.ts'

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
  const { producer, ingest, clock, rejections } = testProducer(replies.map(([reply]) => reply))
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
  const { producer, ingest } = testProducer([() => problem(503, 'unavailable', {}, { 'retry-after': date })], {}, clock)
  await producer.send('a', {})
  await clock.advance(50)
  const due = Date.parse(date) - clock.now()
  await clock.advance(due - 1)
  assert.equal(ingest.requests.length, 1)
  await clock.advance(1)
  assert.equal(ingest.requests.length, 2)
})

test('a request without an answer is sent again', async () => {
  const { producer, ingest, clock } = testProducer([
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
  const { producer, ingest, rejections, clock } = testProducer([(request) => ingest.accept(request, bad)])
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
  const { producer, ingest, rejections, clock } = testProducer([
    () => problem(503, 'unavailable', { accepted: 1, rejected }),
  ])
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
  const { producer, rejections, clock } = testProducer([() => problem(422, 'invalid', cut)])
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
    const { producer, rejections, ingest, clock } = testProducer([() => problem(status, code)])
    await producer.send('a', { id: 'e0' })
    await clock.advance(60_000)
    assert.deepEqual(rejections, [{ subject: 'a', id: 'e0', code, message: `It is ${code}.` }])
    assert.equal(ingest.requests.length, 1)
  }
})

test('a refused token is replaced once', async () => {
  let asked = 0
  const tokens = ['first', 'second', 'third'].map((name) => `e30.${btoa(JSON.stringify({ exp: 4e9, jti: name }))}.s`)
  const { producer, ingest, rejections, clock } = testProducer(
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
  const { producer, ingest, rejections } = testProducer(Array(20).fill(tooLarge))
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
  const { producer, ingest, rejections } = testProducer([() => problem(413, 'too_large', { accepted: 0, rejected })])
  for (const id of ['e0', 'e1']) await producer.send('a', { id })
  await producer.flush()
  assert.equal(ingest.requests.length, 1)
  assert.equal(rejections.length, 2)
})

test('what cannot be delivered for too long is given up and reported', async () => {
  const away: Reply = () => problem(503, 'unavailable', {}, { 'retry-after': '10' })
  const { producer, ingest, rejections, clock } = testProducer(Array(99).fill(away), { giveUpMs: 25_000 })
  await producer.send('a', { id: 'e0' })
  await clock.advance(120_000)
  assert.equal(ingest.requests.length, 3)
  assert.deepEqual(
    rejections.map(({ id, code }) => `${id} ${code}`),
    ['e0 unavailable'],
  )
  assert.equal(producer.bufferedBytes, 0)
})
