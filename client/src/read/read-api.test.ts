import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { EventSchema } from '@weir/proto'
import { settle } from '../../test/fake-clock.ts'
import { problem } from '../../test/fake-ingest.ts'
import { testWeir } from '../../test/weir.ts'
import type { Fetch } from '../platform/fetch.ts'
import type { ConnectOptions } from '../weir.ts'

test('state: a page of a bucket, its events decoded, and where to go on', async () => {
  const item = { subject: 'rooms.a', seq: 9, event: { id: 'x' }, ageMs: 10, ttlMs: 3_600_000 }
  const { weir, calls } = setUp(() => Response.json({ bucket: 'latest', cursor: '1-9', items: [item], next: '1-9' }))
  const page = await weir.state('latest', { filter: ['rooms.*', 'halls.>'], limit: 10, after: '1-5' })
  const [read, ...more] = page.items
  assert.ok(read !== undefined && more.length === 0)
  const { subject, seq, event, ageMs, ttlMs } = read
  assert.deepEqual({ subject, seq, event, ageMs, ttlMs }, { ...item, event: create(EventSchema, { id: 'x' }) })
  assert.deepEqual([page.bucket, page.cursor, page.next], ['latest', '1-9', '1-9'])
  assert.deepEqual(calls, [
    ['https://read.test/v1/state/latest?filter=rooms.*&filter=halls.%3E&limit=10&after=1-5', 'Bearer token'],
  ])
})

test('get: one key, or undefined when there is none', async () => {
  const item = { subject: 'rooms.a', seq: 9, event: {}, ageMs: 10, ttlMs: 0 }
  const { weir, calls } = setUp(
    () => Response.json(item),
    () => problem(404, 'not_found'),
    () => Response.json({ bucket: 'latest', cursor: '1-9', items: [] }),
  )
  assert.equal((await weir.get('latest', 'rooms.a'))?.seq, 9)
  assert.equal(await weir.get('latest', 'rooms.b'), undefined)
  assert.equal(calls[0]?.[0], 'https://read.test/v1/state/latest/rooms.a')
})

test('get: a bucket that does not exist, another server and a proxy’s page are errors', async () => {
  for (const reply of [
    () => problem(404, 'not_found'),
    () => new Response('<html>Not Found</html>', { status: 404 }),
    () => Response.json({ error: 'Not Found' }, { status: 404 }),
  ]) {
    await assert.rejects(setUp(reply, reply).weir.get('latest', 'rooms.a'), { code: 'not_found' })
  }
  const { weir } = setUp(
    () => new Response('<html>', { status: 404 }),
    () => new Response('<html>'),
  )
  await assert.rejects(weir.get('latest', 'rooms.a'), { code: 'internal', message: /Is it the read API/ })
})

test('an address with a path keeps it', async () => {
  const { weir, calls } = setUpWith({ readUrl: 'https://weir.test/mesh/read/' }, () => problem(403, 'forbidden'))
  await assert.rejects(weir.get('latest', 'rooms.a/b'), { code: 'forbidden' })
  assert.equal(calls[0]?.[0], 'https://weir.test/mesh/read/v1/state/latest/rooms.a%2Fb')
})

test('data is what JSON.parse gives, and has the text of the producer beside it', async () => {
  const data = '{"id":12345678901234567890, "zero":-0, "far":1e400}'
  const item = `{"subject":"a","seq":1,"event":{"data":${data}},"ageMs":1,"ttlMs":0}`
  const answer = (): Response => new Response(`{"items":[{"subject":"b","seq":1,"event":{}}, ${item}],"cursor":"1-5"}`)
  const { weir } = setUp(answer, answer, () => new Response(item))
  for (const read of [
    (await weir.history()).items[1],
    (await weir.state('latest')).items[1],
    await weir.get('latest', 'a'),
  ]) {
    assert.equal(read?.dataText, data)
    assert.deepEqual(read?.data, JSON.parse(data))
  }
})

test('all that matches is given, page after page', async () => {
  const { weir, calls } = setUp(...pagesOf(3, 2))
  assert.deepEqual(await subjects(weir.state('latest', { filter: 'rooms.>' })), [
    '0.0',
    '0.1',
    '1.0',
    '1.1',
    '2.0',
    '2.1',
  ])
  assert.deepEqual(
    calls.map(([url]) => url.slice(url.indexOf('?'))),
    ['?filter=rooms.%3E&limit=500', '?filter=rooms.%3E&limit=500&after=1', '?filter=rooms.%3E&limit=500&after=2'],
  )
  assert.deepEqual(await subjects(setUp(...pagesOf(2, 1)).weir.history()), ['0.0', '1.0'])
})

test('a limit is the number of items in all, and no page is asked for past it', async () => {
  const { weir, calls } = setUp(...pagesOf(3, 2))
  assert.deepEqual(await subjects(weir.history({ limit: 3 })), ['0.0', '0.1', '1.0'])
  assert.deepEqual(
    calls.map(([url]) => new URL(url).searchParams.get('limit')),
    ['3', '1'],
  )
  const many = setUp(...pagesOf(1, 1))
  await subjects(many.weir.history({ limit: 5000 }))
  assert.equal(new URL(many.calls[0]?.[0] ?? '').searchParams.get('limit'), '1000')
})

test('awaited, it is one page that says whether there is more; the page may still be gone through', async () => {
  const { weir } = setUp(...pagesOf(2, 2))
  const listing = weir.state('latest')
  assert.equal((await listing).next, '1')
  assert.deepEqual(await subjects(listing), ['0.0', '0.1', '1.0', '1.1'])
})

test('a page that fails is thrown in the loop, and one that comes again and again as well', async () => {
  const failing = setUp(...pagesOf(2, 1).slice(0, 1), () => problem(403, 'forbidden'))
  await assert.rejects(subjects(failing.weir.history()), { code: 'forbidden' })
  const same = (): Response => Response.json({ items: [], cursor: '1-1', next: '1' })
  await assert.rejects(subjects(setUp(same, same).weir.history()), { code: 'internal', message: /again and again/ })
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

const quietJson = {
  ...alertJson,
  labels: { room: 'r1' },
  silenced: { name: 'night', until: '1970-01-01T00:00:03Z', by: 'ann', comment: '' },
  inhibitedBy: 'door.r1',
}

const plainAlert = { ...alertJson, sinceMs: undefined, labels: {}, silenced: undefined, inhibitedBy: undefined }

test('alerts: those that are asked for, with when they began, and where to go on', async () => {
  const since = '1970-01-01T00:00:02.500Z'
  const { weir, calls } = setUp(() =>
    Response.json({ cursor: '1-9', items: [{ ...alertJson, since, seq: 4 }, quietJson] }),
  )
  const status = ['FIRING', 'RESOLVED'] as const
  const page = await weir.alerts({ filter: 'alerts.hot.*', status, silenced: false, limit: 5, after: '1-2' })
  const silenced = { name: 'night', untilMs: 3000, by: 'ann', comment: '' }
  assert.deepEqual(page, {
    cursor: '1-9',
    items: [
      { ...plainAlert, sinceMs: 2500 },
      { ...plainAlert, labels: { room: 'r1' }, silenced, inhibitedBy: 'door.r1' },
    ],
    next: undefined,
  })
  const query = 'filter=alerts.hot.*&status=FIRING&status=RESOLVED&silenced=false&limit=5&after=1-2'
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
    ...plainAlert,
    status: 'ACKED',
    by: 'ann',
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
  while (silent.calls.length === 0) await settle()
  await silent.clock.advance(30_000)
  await outcome
})

test('silences are listed, made and ended, in words of the API', async () => {
  const silence = {
    name: 'oven',
    subject: 'silences.oven',
    state: 'active',
    match: { rule: ['too-hot'] },
    from: '2026-01-31T12:00:00Z',
    until: '2026-01-31T14:00:00Z',
    by: 'ann',
    comment: 'cleaning',
  }
  const { from, until, ...same } = silence
  const read = { ...same, fromMs: Date.parse(from), untilMs: Date.parse(until) }
  const asked: (readonly [method: unknown, type: string | null, body: unknown])[] = []
  const answer =
    (response: () => Response): Reply =>
    ({ method, headers, body }) => {
      asked.push([method, new Headers(headers).get('content-type'), body && JSON.parse(String(body))])
      return response()
    }
  const { weir, calls } = setUp(
    answer(() => Response.json({ items: [silence] })),
    answer(() => Response.json(silence)),
    answer(() => Response.json(silence)),
    answer(() => new Response(null, { status: 204 })),
    answer(() => problem(404, 'not_found')),
  )
  assert.deepEqual(await weir.silences({ filter: 'silences.>' }), [read])
  const { name, match } = { name: 'oven', match: { rule: 'too-hot' } }
  assert.deepEqual(await weir.silence({ name, match, for: '2h', comment: 'cleaning' }), read)
  await weir.silence({ name, match, from: new Date(from), until: Date.parse(until) })
  await weir.endSilence('a/b')
  await assert.rejects(weir.endSilence('oven'), { code: 'not_found' })
  assert.deepEqual(asked, [
    ['GET', null, undefined],
    ['PUT', 'application/json', { match, for: '2h', comment: 'cleaning' }],
    ['PUT', 'application/json', { match, from: '2026-01-31T12:00:00.000Z', until: '2026-01-31T14:00:00.000Z' }],
    ['DELETE', null, undefined],
    ['DELETE', null, undefined],
  ])
  assert.deepEqual(
    calls.map(([url]) => url.slice('https://read.test'.length)),
    [
      '/v1/silences?filter=silences.%3E',
      '/v1/silences/oven',
      '/v1/silences/oven',
      '/v1/silences/a%2Fb',
      '/v1/silences/oven',
    ],
  )
})

test('without an address there is no read API', async () => {
  await assert.rejects(testWeir().weir.state('latest'), { code: 'invalid', message: /readUrl/ })
})

/** Pages of items whose subjects are `page.item`. */
function pagesOf(pages: number, items: number): Reply[] {
  return Array.from({ length: pages }, (_, page) => () => {
    const subjects = Array.from({ length: items }, (_, at) => `${page}.${at}`)
    const body = { cursor: '1-9', items: subjects.map((subject) => ({ subject, seq: 1, event: {} })) }
    return Response.json(page + 1 < pages ? { ...body, next: String(page + 1) } : body)
  })
}

async function subjects(items: AsyncIterable<{ readonly subject: string }>): Promise<string[]> {
  const found: string[] = []
  for await (const { subject } of items) found.push(subject)
  return found
}

type Reply = (init: RequestInit) => Response | Promise<Response>

function setUp(...replies: Reply[]): ReturnType<typeof setUpWith> {
  return setUpWith({}, ...replies)
}

function setUpWith(
  options: Partial<ConnectOptions>,
  ...replies: Reply[]
): Pick<ReturnType<typeof testWeir>, 'weir' | 'clock'> & { calls: [string, string | null][] } {
  const calls: [string, string | null][] = []
  const fetch: Fetch = async (url, init) => {
    calls.push([url, new Headers(init.headers).get('authorization')])
    return await (replies.shift() ?? assert.fail('one request too many'))(init)
  }
  return { ...testWeir({ readUrl: 'https://read.test', fetch, ...options }), calls }
}
