import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { EventSchema } from '@weir/proto'
import { problem } from '../../test/fake-ingest.ts'
import { testWeir } from '../../test/weir.ts'
import type { Fetch } from '../platform/fetch.ts'

test('state: a page of a bucket, its events decoded, and where to go on', async () => {
  const item = { subject: 'rooms.a', seq: 9, event: { id: 'x' }, ageMs: 10, ttlMs: 3_600_000 }
  const { weir, calls } = setUp(() => Response.json({ bucket: 'latest', cursor: '1-9', items: [item], next: '1-9' }))
  const page = await weir.state('latest', { filter: ['rooms.*', 'halls.>'], limit: 10, after: '1-5' })
  assert.deepEqual(page, {
    bucket: 'latest',
    cursor: '1-9',
    items: [{ ...item, event: create(EventSchema, { id: 'x' }) }],
    next: '1-9',
  })
  assert.deepEqual(calls, [
    ['https://read.test/v1/state/latest?filter=rooms.*&filter=halls.%3E&limit=10&after=1-5', 'Bearer token'],
  ])
})

test('get: one key, or undefined when there is none', async () => {
  const item = { subject: 'rooms.a', seq: 9, event: {}, ageMs: 10, ttlMs: 0 }
  const { weir, calls } = setUp(
    () => Response.json(item),
    () => problem(404, 'not_found'),
  )
  assert.equal((await weir.get('latest', 'rooms.a'))?.seq, 9)
  assert.equal(await weir.get('latest', 'rooms.b'), undefined)
  assert.equal(calls[0]?.[0], 'https://read.test/v1/state/latest/rooms.a')
})

test('history: times in any form, and pages', async () => {
  const { weir, calls } = setUp(() =>
    Response.json({ items: [{ subject: 'a', seq: 1, event: { data: 1 } }], cursor: '1-5', next: '2' }),
  )
  const page = await weir.history({ filter: 'a', from: 0, to: new Date(1000), step: 5, limit: 2, cursor: '1' })
  assert.deepEqual(page.items[0]?.event.data, { case: 'json', value: '1' })
  assert.deepEqual([page.cursor, page.next], ['1-5', '2'])
  const { searchParams } = new URL(calls[0]?.[0] ?? '')
  assert.deepEqual(Object.fromEntries(searchParams), {
    filter: 'a',
    from: '1970-01-01T00:00:00.000Z',
    to: '1970-01-01T00:00:01.000Z',
    step: '5',
    limit: '2',
    cursor: '1',
  })
})

test('history: series come as they are', async () => {
  const series = [{ subject: 'a', metric: 't', times: [0], count: [2], min: [1], max: [3], avg: [2], last: [3] }]
  const { weir } = setUp(() => Response.json({ items: [], series, cursor: '1-5' }))
  assert.deepEqual((await weir.history({ from: 0, step: '10s' })).series, series)
})

const alertJson = {
  id: 'hot.r1',
  subject: 'alerts.hot.r1',
  rule: 'hot',
  key: 'r1',
  severity: 'URGENT',
  status: 'FIRING',
  message: 'r1 is at 31',
  by: '',
}

test('alerts: those that are asked for, with when they began, and where to go on', async () => {
  const since = '1970-01-01T00:00:02.500Z'
  const { weir, calls } = setUp(() =>
    Response.json({ cursor: '1-9', items: [{ ...alertJson, since, seq: 4 }, alertJson] }),
  )
  const page = await weir.alerts({ filter: 'alerts.hot.*', status: ['FIRING', 'RESOLVED'], limit: 5, after: '1-2' })
  assert.deepEqual(page, {
    cursor: '1-9',
    items: [
      { ...alertJson, sinceMs: 2500 },
      { ...alertJson, sinceMs: undefined },
    ],
    next: undefined,
  })
  const query = 'filter=alerts.hot.*&status=FIRING&status=RESOLVED&limit=5&after=1-2'
  assert.equal(calls[0]?.[0], `https://read.test/v1/alerts?${query}`)
})

test('acknowledgeAlert and resolveAlert: a POST each, and the alert as it is then', async () => {
  const methods: (string | undefined)[] = []
  const reply: Reply = ({ method }) => {
    methods.push(method)
    return Response.json({ ...alertJson, status: 'ACKED', by: 'ann' })
  }
  const { weir, calls } = setUp(reply, reply)
  assert.deepEqual(await weir.acknowledgeAlert('hot.r1'), {
    ...alertJson,
    status: 'ACKED',
    by: 'ann',
    sinceMs: undefined,
  })
  await weir.resolveAlert('hot.r 1')
  assert.deepEqual(methods, ['POST', 'POST'])
  assert.deepEqual(
    calls.map(([url]) => url),
    ['https://read.test/v1/alerts/hot.r1/ack', 'https://read.test/v1/alerts/hot.r%201/resolve'],
  )
})

test('what the server says is thrown', async () => {
  const { weir } = setUp(() => problem(403, 'forbidden'))
  await assert.rejects(weir.state('latest'), { name: 'WeirError', code: 'forbidden', message: 'It is forbidden.' })
})

test('an answer that is not from Weir is judged by its status', async () => {
  const { weir } = setUp(() => new Response('<html>', { status: 504 }))
  await assert.rejects(weir.state('latest'), { code: 'unavailable' })
})

test('an answer that is no JSON is not from the read API', async () => {
  const { weir } = setUp(() => new Response('<html>'))
  await assert.rejects(weir.state('latest'), { code: 'internal', message: /Is it the read API/ })
})

test('a refused token is replaced once', async () => {
  const tokens = ['a', 'b'].map((name) => `e30.${btoa(JSON.stringify({ exp: 4e9, jti: name }))}.s`)
  const refused = (): Response => problem(401, 'token_expired')
  const { weir, calls } = setUpWith({ getToken: () => tokens.shift() ?? '' }, refused, refused)
  const [first, second] = tokens
  await assert.rejects(weir.state('latest'), { code: 'token_expired' })
  assert.deepEqual(
    calls.map(([, token]) => token),
    [`Bearer ${first}`, `Bearer ${second}`],
  )
})

test('a server that cannot be reached, or does not answer, is unavailable', async () => {
  const unreachable = setUp(() => Promise.reject(new TypeError('fetch failed')))
  await assert.rejects(unreachable.weir.history(), { code: 'unavailable', message: /read\.test cannot be reached/ })
  const silent = setUp(() => new Promise(() => {}))
  const outcome = assert.rejects(silent.weir.history(), { code: 'unavailable', message: /no answer/ })
  await silent.clock.advance(30_000)
  await outcome
})

test('without an address there is no read API', async () => {
  await assert.rejects(testWeir().weir.state('latest'), { code: 'invalid', message: /readUrl/ })
})

type Reply = (init: RequestInit) => Response | Promise<Response>

function setUp(...replies: Reply[]): ReturnType<typeof setUpWith> {
  return setUpWith({}, ...replies)
}

function setUpWith(
  options: { getToken?: () => string },
  ...replies: Reply[]
): Pick<ReturnType<typeof testWeir>, 'weir' | 'clock'> & { calls: [string, string | null][] } {
  const calls: [string, string | null][] = []
  const fetch: Fetch = async (url, init) => {
    calls.push([url, new Headers(init.headers).get('authorization')])
    return await (replies.shift() ?? assert.fail('one request too many'))(init)
  }
  return { ...testWeir({ readUrl: 'https://read.test', fetch, ...options }), calls }
}
