import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import type { HistoryPage, StateItem, StatePage } from './api-shapes.ts'
import { startPglite, type TestDatabase } from './pglite.ts'
import { reading, ServiceUnderTest, until } from './service-under-test.ts'

let database: TestDatabase
let service: ServiceUnderTest

before(async () => {
  database = await startPglite()
  service = await ServiceUnderTest.start({ databaseUrl: database.url })
  await service.authorize({ publish: [], subscribe: ['rooms.>'] })
})

after(async () => {
  await service?.stop()
  await database?.stop()
})

const air = '/v1/state/latest/rooms.r1.air'

test('an event is in the state and in the history soon after it is stored', async () => {
  await service.publish('rooms.r1.air', reading({ celsius: 20 }))
  const seq = await service.publish('rooms.r1.air', reading({ celsius: 21.5 }))
  await service.publish('yards.y1', reading({ celsius: 5 }))
  const item = await until(async () => {
    const { status, body } = await service.get<StateItem>(air)
    return status === 200 && body.event.reading?.metrics?.celsius === 21.5 && body
  })
  assert.equal(item.subject, 'rooms.r1.air')
  assert.equal(item.ttlMs, 3_600_000)
  assert.ok(item.ageMs >= 0 && item.ageMs < 60_000)

  const history = await until(async () => {
    const { body } = await service.get<StatePage>('/v1/history')
    return body.items.length === 2 && body
  })
  assert.deepEqual(
    history.items.map(({ subject, seq, event }) => [subject, seq, event.reading?.metrics?.celsius]),
    [
      ['rooms.r1.air', seq - 1, 20],
      ['rooms.r1.air', seq, 21.5],
    ],
  )
  assert.match(history.cursor, /^[0-9a-z]+-[0-9a-z]+$/)
})

test('with a step a history is series, which the description has as well', async () => {
  const path = '/v1/history?from=2020-01-01T00:00:00Z&step=1d&metric=celsius'
  const { status, body } = await service.get<{ series: { min: number[]; max: number[] }[] }>(path)
  assert.equal(status, 200)
  const [series] = body.series
  assert.deepEqual([Math.min(...(series?.min ?? [])), Math.max(...(series?.max ?? []))], [20, 21.5])
})

test('the list of a bucket holds what the token grants and pages through it', async () => {
  for (let room = 10; room < 35; room++) await service.publish(`rooms.r${room}.air`, reading({ celsius: room }))
  await until(async () => (await service.get('/v1/state/latest/rooms.r34.air')).status === 200)
  const seen = new Set<string>()
  let after = ''
  for (let page = 0; page < 10; page++) {
    const { body } = await service.get<StatePage>(`/v1/state/latest?filter=rooms.*.air&limit=10${after}`)
    assert.ok(body.items.length <= 10)
    for (const item of body.items) seen.add(item.subject)
    if (body.next === undefined) break
    after = `&after=${body.next}`
  }
  assert.equal(seen.size, 26)
  assert.equal(
    [...seen].some((subject) => subject.startsWith('yards')),
    false,
  )
})

test('several filters are one list without doubles', async () => {
  const seen: string[] = []
  let after = ''
  for (;;) {
    const query = `filter=rooms.r12.air,rooms.r13.>&filter=rooms.*.air&limit=4${after}`
    const { status, body } = await service.get<StatePage>(`/v1/state/latest?${query}`)
    assert.equal(status, 200)
    seen.push(...body.items.map(({ subject }) => subject))
    if (body.next === undefined) break
    after = `&after=${body.next}`
  }
  assert.equal(seen.length, 26)
  assert.equal(new Set(seen).size, 26)
})

test('an entity tag saves an answer that did not change', async () => {
  const etag = (await service.get(air)).headers.get('etag') ?? ''
  assert.equal((await service.get(air, { 'if-none-match': etag })).status, 304)
  await service.publish('rooms.r1.air', reading({ celsius: 22 }))
  await until(async () => (await service.get(air, { 'if-none-match': etag })).status === 200)
})

test('a list has an entity tag as well, of what changes in its bucket and of what the token sees', async () => {
  const list = '/v1/state/latest?limit=5'
  const etag = (await service.get(list)).headers.get('etag') ?? ''
  assert.equal((await service.get(list, { 'if-none-match': etag })).status, 304)
  await service.authorize({ publish: [], subscribe: ['rooms.r1.>'] })
  assert.equal((await service.get(list, { 'if-none-match': etag })).status, 200)
  await service.authorize({ publish: [], subscribe: ['rooms.>'] })
  await service.publish('rooms.r1.air', reading({ celsius: 23 }))
  await until(async () => (await service.get(list, { 'if-none-match': etag })).status === 200)
})

test('what is not granted, not there or not asked for properly has its own answer', async () => {
  const status = async (path: string): Promise<number> => (await service.get(path)).status
  const { url } = service.projector
  assert.equal((await fetch(`${url}/v1/state/latest`)).status, 401)
  assert.equal((await fetch(`${url}/v1/history`, { headers: { authorization: 'Bearer x.y.z' } })).status, 401)
  assert.equal(await status('/v1/state/latest?filter=yards.>'), 403)
  assert.equal(await status('/v1/state/latest?filter=rooms.>,>'), 403)
  assert.equal(await status('/v1/state/latest/yards.y1'), 403)
  assert.equal(await status('/v1/state/nothing/rooms.r1'), 404)
  assert.equal(await status('/v1/state/latest/rooms.none'), 404)
  assert.equal(await status('/v1/state/events/rooms.r1'), 404)
  assert.equal(await status('/v1/state/latest/rooms..r1'), 400)
  assert.equal(await status('/v1/state/latest?limit=0'), 400)
  assert.equal(await status('/v1/state/latest?after=%00'), 400)
  assert.equal(await status('/v1/history?from=yesterday'), 400)
  assert.equal(await status('/v1/history?cursor=x'), 400)
  assert.equal(await status('/v1/nothing'), 404)
  const { body, headers } = await service.get<{ code: string }>('/v1/state/nothing/rooms.r1')
  assert.equal(headers.get('content-type'), 'application/problem+json')
  assert.equal(body.code, 'not_found')
})

test('a parameter that does not exist, and one that no store can hold, is refused everywhere', async () => {
  const paths = [
    '/v1/state/latest?nonsense=1',
    '/v1/state/latest/rooms.r1.air?limit=1',
    '/v1/history?nonsense=1',
    '/v1/history?tz=UTC',
    '/v1/history?step=1h&from=0&order=desc',
    '/v1/history/export?limit=5',
    '/v1/alerts?state=FIRING',
    '/v1/projections?x=1',
    '/v1/dead-letters?before=1',
    '/v1/config?x=1',
    '/v1/openapi.json?x=1',
    '/v1/history?step=1h&from=0&metric=%00',
    '/v1/history?step=1h&from=0&tz=Nowhere/City',
    '/v1/history?step=1h&from=0&tz=%2B02:00',
    '/v1/history?order=newest',
    '/v1/history?from=2000&to=1000',
    '/v1/history/export?from=2000&to=1000',
  ]
  for (const path of paths) {
    const { status, body } = await service.get<{ code: string; detail: string }>(path)
    assert.deepEqual([status, body.code], [400, 'malformed'], path)
  }
  const { body } = await service.get<{ detail: string }>('/v1/history?nonsense=1')
  assert.match(body.detail, /no parameter "nonsense" here: there are filter, from, to, limit, order, cursor/)
})

test('a missing key is told from a missing bucket', async () => {
  const of = async (path: string): Promise<unknown[]> => {
    const { status, body } = await service.get<{ code: string; type: string; missing: string }>(path)
    return [status, body.code, body.type, body.missing]
  }
  assert.deepEqual(await of('/v1/state/latest/rooms.none'), [404, 'not_found', 'urn:weir:error:not_found:key', 'key'])
  const noBucket = [404, 'not_found', 'urn:weir:error:not_found:bucket', 'bucket']
  assert.deepEqual(await of('/v1/state/nothing/rooms.r1'), noBucket)
  assert.deepEqual(await of('/v1/state/nothing'), noBucket)
  assert.deepEqual(await of('/v1/nothing'), [404, 'not_found', 'urn:weir:error:not_found', undefined])
})

test('an entity tag is compared weakly, in a list, and a star names whatever there is', async () => {
  const etag = (await service.get(air)).headers.get('etag') ?? ''
  for (const header of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    assert.equal((await service.get(air, { 'if-none-match': header })).status, 304, header)
  }
  assert.equal((await service.get(air, { 'if-none-match': '"x"' })).status, 200)
  assert.equal((await service.get('/v1/state/latest/rooms.none', { 'if-none-match': '*' })).status, 404)
})

test('JSON data comes out with the digits that it came in with', async () => {
  const text = '{"id":12345678901234567890,"at":1700000000000000001,"x":1.10}'
  await service.publish('rooms.r1.json', { data: { case: 'json', value: text } })
  const { url } = service.projector
  const { token } = service
  const raw = async (path: string): Promise<string> => {
    return await (await fetch(url + path, { headers: { authorization: `Bearer ${token}` } })).text()
  }
  await until(async () => (await raw('/v1/state/latest/rooms.r1.json')).includes(`"data":${text}`))
  assert.ok((await raw('/v1/state/latest?filter=rooms.r1.json')).includes(`"data":${text}`))
  await until(async () => (await raw('/v1/history?filter=rooms.r1.json')).includes(`"data":${text}`))
  assert.ok((await raw('/v1/history/export?filter=rooms.r1.json')).includes(`"data":${text}`))
  assert.ok((await raw('/v1/history/export?filter=rooms.r1.json&format=csv')).includes('12345678901234567890'))
})

test('the last that happened are asked for by their order', async () => {
  const all = (await service.get<HistoryPage>('/v1/history?limit=1000')).body.items.map(({ seq }) => seq)
  const last = await service.get<HistoryPage>('/v1/history?order=desc&limit=3')
  assert.deepEqual(
    last.body.items.map(({ seq }) => seq),
    all.toReversed().slice(0, 3),
  )
  const next = await service.get<HistoryPage>(`/v1/history?order=desc&limit=3&cursor=${last.body.next}`)
  assert.deepEqual(
    next.body.items.map(({ seq }) => seq),
    all.toReversed().slice(3, 6),
  )
})

test('the last page of a list says that it is the last, also when it is full', async () => {
  const whole = await service.get<StatePage>('/v1/state/latest?filter=rooms.*.air&limit=1000')
  const count = whole.body.items.length
  const full = await service.get<StatePage>(`/v1/state/latest?filter=rooms.*.air&limit=${count}`)
  assert.deepEqual([full.body.items.length, full.body.next], [count, undefined])
  const less = await service.get<StatePage>(`/v1/state/latest?filter=rooms.*.air&limit=${count - 1}`)
  const rest = await service.get<StatePage>(`/v1/state/latest?filter=rooms.*.air&after=${less.body.next}`)
  assert.equal(less.body.items.length + rest.body.items.length, count)
})

test('a body that does not come ends its connection', async () => {
  const said = await answerToHalfABody('POST /v1/alerts/a.b/ack', service.token)
  assert.match(said, /^HTTP\/1\.1 408 [\s\S]*"code":"slow_body"/)
})

test('the body of a request without a token, or to no address, is not waited for', async () => {
  assert.match(await answerToHalfABody('POST /v1/alerts/a.b/ack'), /^HTTP\/1\.1 401 [\s\S]*"code":"unauthenticated"/)
  assert.match(await answerToHalfABody('POST /v1/nothing', service.token), /^HTTP\/1\.1 404 [\s\S]*"code":"not_found"/)
})

/** All that is said until the connection is ended, of which the other side has sent half a body. */
function answerToHalfABody(line: string, token?: string): Promise<string> {
  const { port, hostname } = new URL(service.projector.url)
  const authorization = token === undefined ? '' : `authorization: Bearer ${token}\r\n`
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(Number(port), hostname, () => {
      socket.write(`${line} HTTP/1.1\r\nhost: weir\r\n${authorization}content-length: 100\r\n\r\n{`)
    })
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
  })
}

test('a page learns where the hub is before it has a token', async () => {
  const response = await fetch(`${service.projector.url}/v1/config`)
  assert.deepEqual(await response.json(), { hubUrl: 'ws://127.0.0.1:8080' })
})

test('the page is served, and paths do not leave its folder', async () => {
  const { url } = service.projector
  const page = await fetch(url)
  assert.match(page.headers.get('content-type') ?? '', /text\/html/)
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'self'/)
  assert.equal((await fetch(`${url}/..%2f..%2fpackage.json`)).status, 404)
  assert.equal((await fetch(`${url}/%ff`)).status, 400)
})

test('with a step the numbers of plain JSON are series as well', async () => {
  const json = (celsius: number) => ({ data: { case: 'json', value: JSON.stringify({ celsius }) } }) as const
  await service.publish('rooms.plain.air', json(19))
  await service.publish('rooms.plain.air', json(22))
  const path = '/v1/history?from=2020-01-01T00:00:00Z&step=1d&filter=rooms.plain.air&metric=data.celsius'
  const values = await until(async () => {
    const { body } = await service.get<{ series: { metric: string; min: number[]; max: number[] }[] }>(path)
    const [series] = body.series
    return series?.max.includes(22) && [series.metric, Math.min(...series.min), Math.max(...series.max)]
  })
  assert.deepEqual(values, ['data.celsius', 19, 22])
})

test('it drains on SIGTERM and exits with 0', async () => {
  assert.equal(await service.projector.stop(), 0)
  assert.match(service.projector.output, /"msg":"ready"/)
})
