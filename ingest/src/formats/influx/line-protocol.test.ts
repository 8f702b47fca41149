import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { InfluxDB, Point } from '@influxdata/influxdb-client'
import { serve } from '@weir/mesh'
import { type Event, EventSchema, isSubject } from '@weir/proto'
import fc from 'fast-check'
import { bareIngest, tokenFor } from '../../../test/fake-stream.ts'

const now = 1_790_000_000_000
let { post, stream, ingest } = await bareIngest({ now: () => now })

beforeEach(async () => {
  ;({ post, stream, ingest } = await bareIngest({ now: () => now }))
})

function write(lines: string, query = '?bucket=b', path = '/api/v2/write'): Promise<Response> {
  return post(path + query, lines, { 'content-type': 'text/plain; charset=utf-8' })
}

function events(): Event[] {
  return stream.messages.map(({ payload }) => fromBinary(EventSchema, payload))
}

function reading(event: Event | undefined): object {
  return event?.data.case === 'reading' ? { ...event.data.value.metrics } : {}
}

test('a line is a reading: tags are labels, numbers metrics, texts labels beside them', async () => {
  const line =
    'cpu,host=web-1,zone=a idle=0.25,ticks=7i,big=9007199254740993i,many=8u,on=true,off=F,note="a, b=c \\"d\\"" 1790000000123456789'
  assert.equal((await write(line)).status, 204)
  const [event] = events()
  assert.match(stream.messages[0]?.subject ?? '', /^ev\.main\.metrics\.b\.web-1\.cpu\.zone=a\.id=[\w-]{14}$/)
  assert.deepEqual(reading(event), { idle: 0.25, ticks: 7, big: 2 ** 53, many: 8, on: 1, off: 0 })
  assert.deepEqual(event?.data.case === 'reading' && { ...event.data.value.integers }, { big: 9_007_199_254_740_993n })
  assert.deepEqual({ ...event?.labels }, { host: 'web-1', zone: 'a', note: 'a, b=c "d"' })
  assert.deepEqual([event?.type, event?.source, event?.time?.nanos], ['influx.point', 'b', 123_456_789])
})

test('the time is in the unit of the precision, and that of arrival where there is none', async () => {
  for (const [precision, time, nanos] of [
    ['ns', '1790000000123456789', 123_456_789],
    ['us', '1790000000123456', 123_456_000],
    ['u', '1790000000123456', 123_456_000],
    ['ms', '1790000000123', 123_000_000],
    ['s', '1790000000', 0],
  ] as const) {
    stream.messages.length = 0
    assert.equal(
      (await write(`m,precision=${precision} v=1 ${time}`, `?db=b&precision=${precision}`, '/write')).status,
      204,
    )
    assert.deepEqual([events()[0]?.time?.seconds, events()[0]?.time?.nanos], [1_790_000_000n, nanos], precision)
  }
  await write('m v=1')
  assert.equal(events()[1]?.time?.seconds, 1_790_000_000n)
  const unknown = await write('m v=1 1', '?precision=days')
  assert.equal(unknown.status, 400)
  assert.match(await unknown.text(), /precision .*days.* is not one of ns/)
})

test('bad lines are told by their number, as InfluxDB does, and the others are stored', async () => {
  const lines = [
    'good v=1 1',
    '# a comment',
    'no_fields 1',
    '',
    'm v=abc 2',
    'm v=1 soon',
    'm,tag= v=1 3',
    'm v="open 4',
    'm v= 5',
    ',a=b v=1 6',
    'm v=1e400 7',
    'good v=2 8',
  ]
  const answer = await write(lines.join('\n'))
  assert.equal(answer.status, 400)
  const { code, message, error } = (await answer.json()) as Record<string, string>
  assert.equal(code, 'invalid')
  assert.equal(error, message)
  const told = [...(message ?? '').matchAll(/line (\d+):/g)].map(([, line]) => Number(line))
  assert.deepEqual(told, [3, 5, 6, 7, 8, 9, 10, 11])
  assert.match(message ?? '', /^partial write: .* dropped=8$/)
  assert.deepEqual(events().map(reading), [{ v: 1 }, { v: 2 }])
})

test('escapes, and line breaks within texts', async () => {
  const line = 'my\\ m\\,x,a\\=b=c\\,\\ d f\\ 1=1,s="a\nb\\\\" 1\nnext v=1'
  assert.equal((await write(line)).status, 204)
  const [event, next] = events()
  assert.deepEqual({ ...event?.labels }, { 'a=b': 'c, d', s: 'a\nb\\' })
  assert.deepEqual([reading(event), reading(next)], [{ 'f 1': 1 }, { v: 1 }])
})

test('a point of texts alone has them as data', async () => {
  await write('log,host=a msg="hi",level="warn" 1')
  assert.equal(events()[0]?.data.value, '{"msg":"hi","level":"warn"}')
})

test('series that differ have subjects that differ; tags in another order are the same series', async () => {
  await write(
    ['m,a=x,b=y v=1', 'm,b=y,a=x v=1', 'm,a=x v=1', 'm,a=x.y v=1', 'm,a=x_y v=1', 'm.a v=1', 'm/a v=1'].join('\n'),
  )
  await write('m,a=x,b=y v=1', '?bucket=c')
  const subjects = stream.messages.map(({ subject }) => subject)
  assert.equal(subjects[0], subjects[1])
  assert.equal(new Set(subjects).size, 7)
})

test('a point that is sent again, in another batch, is stored once; one with another value is not the same', async () => {
  await write('m v=1 1\nm v=2 2')
  await write('m v=2 2\nm v=3 3\nm v=4 3')
  assert.deepEqual(events().map(reading), [{ v: 1 }, { v: 2 }, { v: 3 }, { v: 4 }])
})

test('refusals are those of InfluxDB', async () => {
  for (const [headers, status, code] of [
    [{ authorization: 'Token nonsense' }, 401, 'unauthorized'],
    [{ authorization: `Token ${await tokenFor([])}` }, 403, 'forbidden'],
    [{ authorization: `Token ${await tokenFor(['rooms.>'], 'r')}` }, 403, 'forbidden'],
    [{ 'content-encoding': 'gzip' }, 400, 'invalid'],
  ] as const) {
    const answer = await post('/api/v2/write', 'm v=1', headers)
    assert.equal(answer.status, status)
    assert.equal(((await answer.json()) as { code: string }).code, code)
  }
})

test('whatever comes is answered: truncated at every byte, and text of any kind', async () => {
  const good = new TextEncoder().encode('a\\ b,t=é f="x\\"y",g=1i 5\n#c\nm v=t\n')
  for (let end = 0; end < good.length; end++) {
    const answer = await post('/write', new Uint8Array(good.subarray(0, end)))
    assert.ok([204, 400].includes(answer.status), String(answer.status))
  }
  const piece = fc.oneof(
    fc.constantFrom(' ', ',', '=', '"', '\\', '\n', '#', 'm', '1i', 'v=1', '\u0000', 'é'),
    fc.string({ maxLength: 4 }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
      const answer = await post('/write', pieces.join(''))
      assert.ok([204, 400].includes(answer.status), String(answer.status))
      for (const { subject } of stream.messages) assert.ok(isSubject(subject.slice('ev.main.'.length)), subject)
      stream.messages.length = 0
    }),
  )
})

test('a client of version 1 creates its database, and any client learns that somebody is there', async () => {
  for (const [path, body] of [
    ['/query', 'q=CREATE+DATABASE+%22telegraf%22'],
    ['/query?q=create%20database%20telegraf', null],
  ] as const) {
    const answer = await post(path, body, { 'content-type': 'application/x-www-form-urlencoded' })
    assert.equal(answer.status, 200)
    assert.deepEqual(await answer.json(), { results: [{ statement_id: 0 }] })
  }
  const other = await post('/query', 'q=DROP+DATABASE+x', { 'content-type': 'application/x-www-form-urlencoded' })
  assert.equal(other.status, 400)
  assert.match(((await other.json()) as { error: string }).error, /only CREATE DATABASE/)
  assert.equal((await post('/query', 'q=CREATE+DATABASE+x', { authorization: 'Token nonsense' })).status, 401)
  const ask = (path: string, method = 'GET'): Promise<Response> => ingest(new Request(`http://i${path}`, { method }))
  const ping = await ask('/ping')
  assert.deepEqual([ping.status, ping.headers.get('x-influxdb-version')], [204, '1.8.10'])
  assert.equal((await ask('/ping', 'HEAD')).status, 204)
  assert.deepEqual(await (await ask('/ping?verbose=true')).json(), { version: '1.8.10' })
  assert.equal(((await (await ask('/health')).json()) as { status: string }).status, 'pass')
  assert.equal((await ask('/ping', 'POST')).headers.get('allow'), 'GET')
})

test('the client of InfluxDB, packed and in batches', async () => {
  const server = await serve(ingest, { hostname: '127.0.0.1', port: 0 })
  const token = await tokenFor(['metrics.>'])
  const client = new InfluxDB({ url: `http://127.0.0.1:${server.port}`, token })
  const api = client.getWriteApi('org', 'plant', 'ms', { gzipThreshold: 1, maxRetries: 0 })
  for (let at = 0; at < 5; at++) {
    api.writePoint(
      new Point('boiler')
        .tag('host', 'b1')
        .tag('hall', 'öst 1')
        .floatField('celsius', 20 + at)
        .intField('n', at)
        .timestamp(now + at),
    )
  }
  await api.close()
  await server.close(0)
  assert.deepEqual(
    events().map(reading),
    [20, 21, 22, 23, 24].map((celsius, n) => ({ celsius, n })),
  )
  assert.deepEqual({ ...events()[0]?.labels }, { host: 'b1', hall: 'öst 1' })
  assert.match(stream.messages[0]?.subject ?? '', /^ev\.main\.metrics\.plant\.b1\.boiler\.hall=_st_1\.id=/)
})
