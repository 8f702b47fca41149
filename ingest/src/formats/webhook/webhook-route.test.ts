import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { type Event, EventSchema, WeirError } from '@weir/proto'
import { bareIngest } from '../../../test/fake-stream.ts'
import { parseWebhookRoutes } from './webhook-route.ts'

const routes = parseWebhookRoutes(`
routes:
  - path: /api/tracking/telemetry
    subject: rooms.{room_id}.{platform}
    type: tracking.{kind|telemetry}
    id: "{message.id}"
    time: "{message.at}"
    source: /tracking
    labels:
      platform: "{platform}"
      agent: "{header:user-agent|unknown}"
    metrics:
      viewers: stats.viewers
      likes: stats.likes
    units:
      viewers: "1"
  - path: /hooks/:source
    each: events
    subject: hooks.{param:source}.{name}
`)
const { post, stream } = await bareIngest({ routes })

async function send(path: string, body: unknown, headers: Record<string, string> = {}): Promise<number> {
  const json = { 'content-type': 'application/json', ...headers }
  return (await post(path, JSON.stringify(body), json)).status
}

function lastEvent(): Event {
  return fromBinary(EventSchema, stream.messages.at(-1)?.payload ?? new Uint8Array(0))
}

test('a foreign body becomes an event by its route alone', async () => {
  const body = {
    room_id: 'r.17',
    platform: 'Tik Tok',
    message: { id: 'm-1', at: 1_790_000_000 },
    stats: { viewers: 5, likes: '7' },
  }
  assert.equal(await send('/api/tracking/telemetry', body, { 'user-agent': 'probe/1' }), 200)
  const { subject = '' } = stream.messages.at(-1) ?? {}
  assert.match(subject, /^ev\.main\.rooms\.r_17\.Tik_Tok\.id=[\w-]{14}$/)
  const event = lastEvent()
  assert.equal(event.id, 'm-1')
  assert.equal(event.type, 'tracking.telemetry')
  assert.equal(event.source, '/tracking')
  assert.equal(event.time?.seconds, 1_790_000_000n)
  assert.deepEqual({ ...event.labels }, { platform: 'Tik Tok', agent: 'probe/1' })
  const reading = event.data.case === 'reading' ? event.data.value : undefined
  assert.deepEqual({ ...reading?.metrics }, { viewers: 5, likes: 7 })
  assert.deepEqual({ ...reading?.units }, { viewers: '1' })
})

test('values that differ have subjects that differ', async () => {
  const subjects = new Set<string>()
  for (const name of [
    'a.b',
    'a_b',
    'a/b',
    '北京',
    '上海',
    '',
    '_',
    'id=4vXA8XrcUHEKId',
    'x'.repeat(300),
    'x'.repeat(301),
  ]) {
    assert.equal(await send('/hooks/s', { events: [{ name }] }), 200, name)
    subjects.add(stream.messages.at(-1)?.subject ?? '')
  }
  assert.equal(subjects.size, 10)
  assert.equal(await send('/hooks/s', { events: [{ name: 'plain' }] }), 200)
  assert.equal(stream.messages.at(-1)?.subject, 'ev.main.hooks.s.plain')
})

test('a record that lacks what its route needs is rejected, with the name of it', async () => {
  for (const [body, name] of [
    [{}, /message\.id|platform/],
    [{ room_id: 1, platform: 'x', message: { id: 'm', at: 'soon' }, stats: { viewers: 1 } }, /time/],
    [{ room_id: 1, platform: 'x', message: { id: 'm', at: 1 }, stats: { viewers: 'many' } }, /stats\.viewers/],
    [{ room_id: 1, platform: 'x', message: { id: 'm', at: 1 } }, /at least one metric/],
    [{ room_id: {}, platform: 'x', message: { id: 'm', at: 1 }, stats: { viewers: 1 } }, /room_id/],
    [
      JSON.parse('{"__proto__":{"room_id":1},"platform":"x","message":{"id":"m","at":1},"stats":{"viewers":1}}'),
      /room_id/,
    ],
    [7, /platform/],
  ] as const) {
    const answer = await post('/api/tracking/telemetry', JSON.stringify(body), { 'content-type': 'application/json' })
    assert.equal(answer.status, 422)
    assert.match(((await answer.json()) as { detail: string }).detail, name)
  }
})

test('times are read in seconds, milliseconds, microseconds and nanoseconds', async () => {
  for (const at of [1_790_000_000, 1_790_000_000_000, 1_790_000_000_000_000, 1_790_000_000_000_000_000, '1790000000']) {
    const body = { room_id: 1, platform: 'x', message: { id: `${at}`, at }, stats: { viewers: 1 } }
    assert.equal(await send('/api/tracking/telemetry', body), 200)
    assert.equal(lastEvent().time?.seconds, 1_790_000_000n, String(at))
  }
})

test('a list in the body becomes a record each, and a form is a body too', async () => {
  const before = stream.messages.length
  assert.equal(await send('/hooks/shop', { events: [{ name: 'a' }, {}, { name: 'b' }] }), 200)
  assert.deepEqual(
    stream.messages.slice(before).map(({ subject }) => subject),
    ['ev.main.hooks.shop.a', 'ev.main.hooks.shop.b'],
  )
  assert.deepEqual(lastEvent().data, { case: 'json', value: '{"name":"b"}' })
  assert.equal(await send('/hooks/shop', { events: {} }), 400)
  assert.equal(
    await send('/hooks/shop', { events: [{ name: 'c' }] }, { 'content-type': 'application/vnd.x+json' }),
    200,
  )
  const form = await post('/hooks/shop', 'events=1', { 'content-type': 'application/x-www-form-urlencoded' })
  assert.equal(form.status, 400)
})

test('a file with faults is refused with all of them', () => {
  for (const [text, ...faults] of [
    ['routes: [', /routes:1:10: Flow sequence/],
    ['{}', /routes:1:1: routes: a map with the list/],
    ['', /routes:1:1: a map with the list/],
    [
      'routes:\n  - path: x\n    subject: "a b"\n    kind: y\n',
      /routes:2:5: routes\[0\]\.path: must begin with/,
      /routes:3:5: routes\[0\]\.subject: is not a subject/,
      /routes:4:5: routes\[0\]\.kind: there is no such field here; there are method, path, /,
    ],
    ['routes: [{ path: /a }]', /routes:1:10: routes\[0\]\.subject: this field is required/],
    ['routes: [7]', /routes:1:10: routes\[0\]: a map with method, path, .* is expected/],
    ['routes: [{ path: /v1/events, subject: a }]', /taken/],
    ['routes: [{ path: /a, subject: "a.{b" }]', /subject/],
    ['routes: [{ path: /a, subject: "a.{}" }]', /names nothing/],
    ['routes: [{ path: /a, subject: a, type: "x}" }]', /brace/],
    [
      'routes: [{ path: /a, subject: a }, { path: /a, subject: b }]',
      /routes:1:38: routes\[1\]\.path: there is another route POST \/a/,
    ],
  ] as const) {
    assert.throws(
      () => parseWebhookRoutes(text),
      (error) => {
        assert.ok(error instanceof WeirError)
        for (const fault of faults) assert.match(error.message, fault)
        return true
      },
      text,
    )
  }
})
