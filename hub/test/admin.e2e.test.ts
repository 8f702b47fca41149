import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { EventSchema, Mode, validateEvent } from '@weir/proto'
import type { SessionPage } from '../src/session/report/session-list.ts'
import { type TestHub, TestMesh, testToken } from './harness.ts'
import { SseReader } from './sse-reader.ts'
import { TcpProxy } from './tcp-proxy.ts'
import { TestClient } from './test-client.ts'

describe('the admin port', () => {
  let mesh: TestMesh
  let hubs: readonly [TestHub, TestHub]
  let admin: string

  before(async () => {
    mesh = await TestMesh.start()
    hubs = [await mesh.startHub({ WEIR_HUB_NAME: 'one' }), await mesh.startHub({ WEIR_HUB_NAME: 'two' })]
    admin = `Bearer ${await testToken({ subject: 'operator', admin: true })}`
  })

  after(() => mesh.stop())

  async function sessions(query: string, hub = hubs[0]): Promise<SessionPage> {
    const response = await fetch(`${hub.adminUrl}/v1/sessions?${query}`, { headers: { authorization: admin } })
    assert.equal(response.status, 200)
    return (await response.json()) as SessionPage
  }

  async function opened(subject: string, hub: TestHub, windowBytes = 0): Promise<TestClient> {
    const client = await TestClient.open(hub.url, { token: await testToken({ subject }), windowBytes })
    client.subscribe({ filters: ['list.>'], mode: Mode.ALL })
    await client.next('subscribed')
    return client
  }

  test('lists who reads what, and who is behind by how much', async () => {
    const client = await opened('reader', hubs[0])
    const slow = await opened('slow', hubs[0], 16_384)
    slow.acknowledges = false
    const all = await sessions('tenant=main')
    assert.deepEqual(
      all.sessions.map(({ subject }) => subject),
      ['reader', 'slow'],
    )
    const [reader] = all.sessions
    assert.match(reader?.session ?? '', /^one\./)
    assert.deepEqual([reader?.client, reader?.tenant, reader?.ip], ['test', 'main', '127.0.0.1'])
    const { source, filters, mode, lane, lagEntries, lagSeconds } = reader?.subscriptions[0] ?? {}
    assert.deepEqual(
      { source, filters, mode, lane, lagEntries, lagSeconds },
      {
        source: 'events',
        filters: ['list.>'],
        mode: 'ALL',
        lane: 'caught up',
        lagEntries: 0,
        lagSeconds: 0,
      },
    )
    for (let count = 0; count < 8; count++) await mesh.publish('list.a', JSON.stringify('x'.repeat(4_000)))
    await client.until(() => client.entries.length === 8)
    const behind = await sessions('behind=true')
    assert.deepEqual(
      behind.sessions.map(({ subject }) => subject),
      ['slow'],
    )
    const [late] = behind.sessions
    assert.equal(late?.subscriptions[0]?.lane, 'behind')
    assert.ok((late?.subscriptions[0]?.lagEntries ?? 0) > 0)
    assert.ok((late?.unacknowledgedBytes ?? 0) > 0)
    await hubs[0].untilMetric('subscriber_lag_seconds{source="events"}', (seconds) => seconds > 0.3)
    assert.equal(await hubs[0].metric('subscriber_lag_seconds{source="bucket"}'), 0)
    const [later] = (await sessions('behind=true')).sessions
    assert.ok((later?.subscriptions[0]?.lagSeconds ?? 0) > 0.3)
    assert.equal(await hubs[0].metric('subscriber_lag_entries{source="events"}'), later?.subscriptions[0]?.lagEntries)
    slow.acknowledgeAll()
    await hubs[0].untilMetric('subscriber_lag_seconds{source="events"}', (seconds) => seconds === 0)
    assert.deepEqual((await sessions('subject=nobody')).sessions, [])
    client.close()
    slow.close()
    await hubs[0].untilMetric('connections', (value) => value === 0)
  })

  test('pages through a long list', async () => {
    const clients = await Promise.all(Array.from({ length: 5 }, (_, index) => opened(`p${index}`, hubs[0])))
    const seen: string[] = []
    let query = 'limit=2'
    for (let page = 1; ; page++) {
      const { sessions: found, next } = await sessions(query)
      assert.equal(found.length, page < 3 ? 2 : 1)
      seen.push(...found.map(({ subject }) => subject))
      if (next === undefined) break
      query = `limit=2&after=${next}`
    }
    assert.deepEqual(seen.sort(), ['p0', 'p1', 'p2', 'p3', 'p4'])
    for (const client of clients) client.close()
    await hubs[0].untilMetric('connections', (value) => value === 0)
  })

  test('disconnects a subject on all hubs, whatever it is connected by', async () => {
    const token = await testToken({ subject: 'leaver' })
    const [here, there, other] = [
      await opened('leaver', hubs[0]),
      await opened('leaver', hubs[1]),
      await opened('stays', hubs[1]),
    ]
    const stream = await SseReader.open(`${hubs[1].httpUrl}/v1/sse`, { authorization: `Bearer ${token}` })
    await stream.until(() => stream.id !== '')
    const response = await fetch(`${hubs[0].adminUrl}/v1/sessions?tenant=main&subject=leaver`, {
      method: 'DELETE',
      headers: { authorization: admin },
    })
    const answer = (await response.json()) as { closed: number; hubs: { hub: string; closed: number }[] }
    assert.equal(answer.closed, 3)
    assert.deepEqual(
      answer.hubs.sort((a, b) => (a.hub < b.hub ? -1 : 1)),
      [
        { hub: 'one', closed: 1 },
        { hub: 'two', closed: 2 },
      ],
    )
    assert.equal((await here.closed).code, 3503)
    assert.equal((await there.closed).code, 3503)
    await stream.until(() => stream.ended)
    assert.match(stream.events.at(-1)?.data ?? '', /"code":3503/)
    assert.equal((await sessions('', hubs[1])).sessions.length, 1)
    other.close()
  })

  test('lets nobody come back with the token that was disconnected, on any hub, but with a new one', async () => {
    const token = await testToken({ subject: 'expelled' })
    const authorization = `Bearer ${token}`
    const first = await TestClient.open(hubs[0].url, { token })
    const ticket = await fetch(`${hubs[0].httpUrl}/v1/tickets`, { method: 'POST', headers: { authorization } })
    const { ticket: kept } = (await ticket.json()) as { ticket: string }
    const query = 'tenant=main&subject=expelled'
    await fetch(`${hubs[1].adminUrl}/v1/sessions?${query}`, { method: 'DELETE', headers: { authorization: admin } })
    assert.equal((await first.closed).code, 3503)
    const late = await mesh.startHub()
    // It asks the others at its start; whatever it hears from them later, that comes first.
    await TestClient.open(late.url).then((client) => client.close())
    for (const hub of [...hubs, late]) {
      const again = new TestClient(hub.url)
      await again.connected()
      again.greet(token, {})
      assert.equal((await again.closed).code, 3503)
      const stream = await fetch(`${hub.httpUrl}/v1/sse`, { headers: { authorization } })
      assert.equal(stream.status, 401)
      const other = await fetch(`${hub.httpUrl}/v1/tickets`, { method: 'POST', headers: { authorization } })
      assert.equal(other.status, 401)
    }
    assert.equal((await fetch(`${hubs[0].httpUrl}/v1/sse?ticket=${kept}`)).status, 401)
    const renewed = await testToken({ subject: 'expelled', ttlSeconds: 700 })
    for (const hub of [...hubs, late])
      await TestClient.open(hub.url, { token: renewed }).then((client) => client.close())
    await late.stop()
  })

  test('lets an administrator who was disconnected do no more with that token, on any hub', async () => {
    const token = await testToken({ subject: 'dismissed', admin: true })
    const authorization = `Bearer ${token}`
    const ask = (hub: TestHub, method = 'GET') =>
      fetch(`${hub.adminUrl}/v1/sessions?subject=nobody`, { method, headers: { authorization } })
    const client = await TestClient.open(hubs[0].url, { token })
    assert.equal((await ask(hubs[1])).status, 200)
    await fetch(`${hubs[1].adminUrl}/v1/sessions?subject=dismissed`, {
      method: 'DELETE',
      headers: { authorization: admin },
    })
    assert.equal((await client.closed).code, 3503)
    for (const hub of hubs) for (const method of ['GET', 'DELETE']) assert.equal((await ask(hub, method)).status, 401)
  })

  test('closes who was disconnected while a hub was away from NATS once it is back, but no newer token', async (t) => {
    const proxy = await TcpProxy.start(mesh.nats.port)
    t.after(() => proxy.close())
    const away = await mesh.startHub({ WEIR_HUB_NAME: 'away' }, proxy)
    const token = await testToken({ subject: 'remote' })
    const [here, there] = [await TestClient.open(hubs[0].url, { token }), await opened('remote', away)]
    const renewed = await testToken({ subject: 'remote', ttlSeconds: 700 })
    const newer = await TestClient.open(away.url, { token: renewed })
    proxy.cut()
    const path = '/v1/sessions?tenant=main&subject=remote'
    const deaf = await fetch(`${away.adminUrl}${path}`, { method: 'DELETE', headers: { authorization: admin } })
    assert.equal(deaf.status, 503, 'a hub that reaches nobody, not even itself, does not say that it is done')
    await fetch(`${hubs[0].adminUrl}${path}`, { method: 'DELETE', headers: { authorization: admin } })
    assert.equal((await here.closed).code, 3503)
    proxy.mend()
    assert.equal((await there.closed).code, 3503)
    const again = new TestClient(away.url)
    await again.connected()
    again.greet(token, {})
    assert.equal((await again.closed).code, 3503)
    newer.send({ case: 'ping', value: { $typeName: 'weir.v1.Ping' } })
    await newer.next('pong')
    newer.close()
    await away.stop()
  })

  test('lets nobody come back to a hub that has not heard what itself said of it', async (t) => {
    // Of denials it hears nothing that has a meaning; the length stays, so that the rest does.
    const filter = () => (chunk: Buffer) =>
      Buffer.from(chunk.toString('latin1').replaceAll('[{"tenant"', '[{"nobody"'), 'latin1')
    const proxy = await TcpProxy.start(mesh.nats.port, { filter })
    t.after(() => proxy.close())
    const deaf = await mesh.startHub({ WEIR_HUB_NAME: 'deaf' }, proxy)
    const token = await testToken({ subject: 'unheard' })
    const first = await TestClient.open(deaf.url, { token })
    const url = `${hubs[0].adminUrl}/v1/sessions?tenant=main&subject=unheard`
    await fetch(url, { method: 'DELETE', headers: { authorization: admin } })
    assert.equal((await first.closed).code, 3503)
    const again = new TestClient(deaf.url)
    await again.connected()
    again.greet(token, {})
    assert.equal((await again.closed).code, 3503)
    await deaf.stop()
  })

  test('is not disturbed by what people publish to the control subject', async () => {
    const client = await opened('undisturbed', hubs[0])
    const noQuestions = ['', 'no JSON', 'null', '{}', '{"tenant":1}', '[null]', '[{"tenant":"main","subject":2}]']
    const noSurveys = ['{"tenant":"main","limit":-1}', '{"tenant":"main","limit":"x"}', '{"tenant":"main","find":[]}']
    for (const words of [...noQuestions, ...noSurveys]) {
      for (const subject of ['disconnect', 'sessions', 'deny', 'denials']) mesh.nc.publish(`weir.hub.${subject}`, words)
    }
    await mesh.nc.flush()
    await mesh.publish('list.b', '1')
    await client.until(() => client.entries.includes('list.b=1'))
    client.close()
  })

  test('shows and closes sessions for administrators alone', async () => {
    const plain = `Bearer ${await testToken()}`
    const cases: readonly [string, Record<string, string>, number][] = [
      ['GET', {}, 401],
      ['GET', { authorization: 'Bearer nonsense' }, 401],
      ['GET', { authorization: plain }, 403],
      ['DELETE', { authorization: plain }, 403],
      ['POST', { authorization: admin }, 405],
      ['DELETE', { authorization: admin }, 400],
    ]
    for (const [method, headers, status] of cases) {
      const response = await fetch(`${hubs[0].adminUrl}/v1/sessions`, { method, headers })
      assert.equal(response.status, status, `${method} ${JSON.stringify(headers)}`)
    }
    const wrong = ['limit=0', 'limit=x', 'after=one.%21', 'behind=yes', 'find=ann']
    for (const query of wrong) {
      const response = await fetch(`${hubs[0].adminUrl}/v1/sessions?${query}`, { headers: { authorization: admin } })
      assert.equal(response.status, 400, query)
    }
  })
})

describe('the source mesh', () => {
  let mesh: TestMesh
  let hub: TestHub

  before(async () => {
    mesh = await TestMesh.start()
    hub = await mesh.startHub({ WEIR_HUB_NAME: 'first' })
  })

  after(() => mesh.stop())

  test('tells administrators of any tenant which hubs there are, and when one goes or dies', async () => {
    const token = await testToken({ tenant: 'elsewhere', subscribe: [], admin: true })
    const client = await TestClient.open(hub.url, { token })
    client.subscribe({ source: 'mesh', filters: ['hub.*'], mode: Mode.LATEST })
    await client.until(() => client.entries.includes('hub.first=reading'))
    const entry = client.batches.flatMap(({ entries }) => entries)[0]
    const event = fromBinary(EventSchema, entry?.content.case === 'event' ? entry.content.value : new Uint8Array())
    assert.equal(validateEvent(event), undefined)
    assert.equal(event.labels.hub, 'first')
    assert.match(event.labels.version ?? '', /^\d/)
    const names = event.data.case === 'reading' ? Object.keys(event.data.value.metrics) : []
    for (const name of ['connections', 'subscriptions', 'behind', 'channels', 'delivered_per_second', 'ring_bytes']) {
      assert.ok(names.includes(name), name)
    }
    const second = await mesh.startHub({ WEIR_HUB_NAME: 'second' })
    await client.until(() => client.entries.includes('hub.second=reading'))
    const killed = await mesh.startHub({ WEIR_HUB_NAME: 'killed' })
    await client.until(() => client.entries.includes('hub.killed=reading'))
    await killed.stop('SIGKILL')
    await second.stop()
    await client.until(() => client.entries.includes('hub.second!'))
    // It cannot say that it goes: its last word expires.
    await client.until(() => client.entries.includes('hub.killed!'))
    client.close()
  })

  test('is refused to everybody else, whatever the token grants', async () => {
    const client = await TestClient.open(hub.url)
    client.subscribe({ source: 'mesh', filters: ['hub.*'], mode: Mode.LATEST })
    assert.equal((await client.next('refused')).code, 'forbidden')
    client.close()
  })
})
