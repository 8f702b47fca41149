import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { DeadLetterPage } from '../src/run/dead-letters.ts'
import { Receiver } from './receiver.ts'
import { reading, ServiceUnderTest, until } from './service-under-test.ts'

let service: ServiceUnderTest
let ops: Receiver
let slack: Receiver
let slow: Receiver
let moved: Receiver

before(async () => {
  ops = await Receiver.start()
  slack = await Receiver.start()
  slow = await Receiver.start()
  slow.status = 0
  moved = await Receiver.start()
  moved.status = 308
  moved.location = `http://127.0.0.1:${ops.port}/`
  const gone = await Receiver.start()
  const gonePort = gone.port
  gone.stop()
  service = await ServiceUnderTest.start({
    projections: `
projections:
  - { name: latest, kind: latest }
  - { name: hot, kind: alert, from: 'rooms.>', key: '{1}', when: 'metrics.celsius > 30', severity: URGENT, every: 100ms,
      message: '<{1}> & {metric.celsius}', labels: { room: '{1}' } }
  - { name: ops, kind: notify, url: 'http://localhost:${ops.port}/hooks', key: { env: OPS_KEY }, groupWait: 100ms,
      headers: { authorization: { env: OPS_AUTHORIZATION } } }
  - { name: chat, kind: notify, url: { env: CHAT_URL }, shape: slack, groupWait: 0s, match: { labels: { room: [r1, r2] } },
      text: '{status} {rule} in {label.room}: {message}' }
  - { name: slow, kind: notify, url: 'http://127.0.0.1:${slow.port}/', groupWait: 0s }
  - { name: moved, kind: notify, url: 'http://127.0.0.1:${moved.port}/', groupWait: 0s }
  - { name: gone, kind: notify, url: 'http://127.0.0.1:${gonePort}/', groupWait: 0s, giveUpAfter: 1s }
  - { name: inside, kind: notify, url: 'http://127.0.0.2:${ops.port}/', groupWait: 0s }
`,
    env: {
      WEIR_NOTIFY_ALLOW: '127.0.0.1',
      OPS_KEY: 'the-secret-key',
      OPS_AUTHORIZATION: 'Bearer of-ops',
      CHAT_URL: `http://127.0.0.1:${slack.port}/services/the-secret-path`,
    },
  })
})

after(async () => {
  await service?.stop()
  for (const receiver of [ops, slack, slow, moved]) receiver?.stop()
})

interface Body {
  readonly id: string
  readonly target: string
  readonly status: string
  readonly group: Readonly<Record<string, string>>
  readonly text: string
  readonly alerts: readonly { readonly id: string; readonly key: string; readonly status: string }[]
}

/** What `ops` was told of a room, in order. */
function toldOf(room: string): string[] {
  return alertsOf(room).map(({ status }) => status)
}

function alertsOf(room: string): Body['alerts'] {
  return ops.taken.flatMap(({ body }) => (JSON.parse(body) as Body).alerts).filter(({ key }) => key === room)
}

const celsius = (room: string, value: number): Promise<number> =>
  service.publish(`rooms.${room}.a`, reading({ celsius: value }))

test('a message when an alert fires and when it is resolved, signed so that another Weir can verify it', async () => {
  await celsius('r1', 40)
  await until(async () => toldOf('r1').length === 1)
  // What an open alert says anew is not told.
  await celsius('r1', 41)
  await celsius('r1', 20)
  await until(async () => toldOf('r1').length === 2)
  assert.deepEqual(toldOf('r1'), ['FIRING', 'RESOLVED'])
  const [first] = ops.taken
  assert.ok(first !== undefined)
  const { headers, body } = first
  const [, time, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['weir-signature'])) ?? []
  assert.equal(mac, createHmac('sha256', 'the-secret-key').update(`${time}.${body}`).digest('hex'))
  assert.ok(Math.abs(Number(time) * 1000 - Date.now()) < 60_000)
  assert.equal(headers.authorization, 'Bearer of-ops')
  const message = JSON.parse(body) as Body
  assert.equal(headers['idempotency-key'], message.id)
  assert.deepEqual([message.target, message.status, message.group], ['ops', 'FIRING', { rule: 'hot' }])
  assert.equal(message.text, 'FIRING URGENT hot r1: <r1> & 40')
  await until(async () => slack.taken.length >= 2)
  assert.deepEqual(
    slack.taken.map((taken) => JSON.parse(taken.body) as unknown),
    [{ text: 'FIRING hot in r1: &lt;r1&gt; &amp; 40' }, { text: 'RESOLVED hot in r1: &lt;r1&gt; &amp; 20' }],
  )
})

test('a silenced alert is told when its silence has ended, and only if it fires still', async () => {
  const silence = { match: { labels: { room: ['r3', 'r4'] } }, for: '1h' }
  await service.request('PUT', '/v1/silences/quiet', {}, silence)
  await until(async () => (await service.get<{ items: unknown[] }>('/v1/silences')).body.items.length === 1)
  await celsius('r3', 50)
  await celsius('r4', 50)
  await celsius('r5', 50)
  await until(async () => toldOf('r5').length === 1)
  await celsius('r4', 10)
  await celsius('r5', 10)
  await until(async () => toldOf('r5').length === 2)
  assert.deepEqual([toldOf('r3'), toldOf('r4')], [[], []])
  // Another process knows what this one was to tell.
  await service.projector.kill()
  await service.begin()
  await service.request('DELETE', '/v1/silences/quiet')
  await until(async () => toldOf('r3').length === 1)
  await celsius('r3', 10)
  await until(async () => toldOf('r3').length === 2)
  assert.deepEqual(toldOf('r4'), [])
})

test('what a target did not take is sent after a restart, and of a storm nothing is lost', async () => {
  ops.status = 503
  ops.refused = 0
  const rooms = Array.from({ length: 250 }, (_, at) => `s${at}`)
  await Promise.all(rooms.map((room) => celsius(room, 60)))
  await until(async () => ops.refused > 0)
  await service.projector.kill()
  await service.begin()
  ops.status = 200
  await until(async () => rooms.every((room) => toldOf(room).includes('FIRING')))
  for (const { body } of ops.taken) assert.ok((JSON.parse(body) as Body).alerts.length <= 100)
  // The same change has the same id, however often it is told.
  const ids = alertsOf('s7')
    .filter(({ status }) => status === 'FIRING')
    .map(({ id }) => id)
  assert.equal(new Set(ids).size, 1)
})

test('targets that are gone, inside or moved delay no other, and their messages are dead letters', async () => {
  await service.authorize({ admin: true })
  const reasons = await until(async () => {
    const found = new Map<string, string>()
    for (let after = 0; ; ) {
      const { body } = await service.get<DeadLetterPage>(`/v1/dead-letters?limit=1000&after=${after}`)
      for (const { projection, reason } of body.items) found.set(projection, reason)
      if (body.next === undefined) break
      after = body.next
    }
    return found.size === 3 && found
  })
  assert.match(reasons.get('moved') ?? '', /308: redirects/)
  assert.match(reasons.get('gone') ?? '', /cannot be reached/)
  assert.match(reasons.get('inside') ?? '', /WEIR_NOTIFY_ALLOW/)
  // A change may be told once more after a restart, by its id.
  const changes = new Map(alertsOf('r1').map(({ id, status }) => [id, status]))
  assert.deepEqual([...changes.values()], ['FIRING', 'RESOLVED'])
  const ready = await fetch(`${service.projector.adminUrl}/readyz`)
  assert.equal(ready.status, 200)
  assert.match(await ready.text(), /the target does not take notifications/)
  const givenUp = /weir_projector_notifications_given_up_total\{[^}]*projection="moved"[^}]*\} [1-9]/
  // It is counted once its dead letter is stored.
  await until(async () => givenUp.test(await (await fetch(`${service.projector.adminUrl}/metrics`)).text()))
  assert.doesNotMatch(service.projector.output, /the-secret|of-ops/)
})
