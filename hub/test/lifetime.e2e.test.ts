import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { Mode } from '@weir/proto'
import { type TestHub, TestMesh, testToken } from './harness.ts'
import { opcode, RawSocket, upgradeRequest } from './raw-socket.ts'
import { SseReader } from './sse-reader.ts'
import { TestClient } from './test-client.ts'

describe('a connection', () => {
  let mesh: TestMesh
  let hub: TestHub

  before(async () => {
    mesh = await TestMesh.start()
    hub = await mesh.startHub({ WEIR_HUB_HEARTBEAT_SECONDS: '0.2', WEIR_HUB_STALL_SECONDS: '1' })
  })

  after(() => mesh.stop())

  test('hears from a quiet hub, and its cursor moves past what does not match', async () => {
    const client = await TestClient.open(hub.url)
    await client.next('pong')
    client.subscribe({ filters: ['quiet'] })
    await client.next('subscribed')
    const seq = await mesh.publish('elsewhere')
    await client.until(() => client.batches.at(-1)?.to === BigInt(seq))
    assert.deepEqual(client.entries, [])
    client.close()
  })

  test('ends with token_expired when its token does', async () => {
    const client = await TestClient.open(hub.url, { token: await testToken({ ttlSeconds: 3 }) })
    assert.equal((await client.closed).code, 3006)
  })

  test('goes on with a renewed token, loses what that does not grant, and ends with it', async () => {
    const client = await TestClient.open(hub.url)
    const renew = async (grants: Parameters<typeof testToken>[0]): Promise<void> =>
      client.send({ case: 'renew', value: { $typeName: 'weir.v1.Renew', token: await testToken(grants) } })
    client.subscribe({ id: 1, filters: ['renew.a'] })
    client.subscribe({ id: 2, filters: ['renew.b'] })
    await renew({ subscribe: ['renew.a'] })
    const { id, code } = await client.next('refused')
    assert.deepEqual([id, code], [2, 'forbidden'])
    await mesh.publish('renew.b')
    await mesh.publish('renew.a', '1')
    await client.until(() => client.entries.length > 0)
    assert.deepEqual(client.entries, ['renew.a=1'])
    await renew({ ttlSeconds: 3 })
    assert.equal((await client.closed).code, 3006)
  })

  test('keeps its token when a renewal is for somebody else, or is none', async () => {
    const client = await TestClient.open(hub.url)
    for (const token of ['nonsense', await testToken({ subject: 'other' }), await testToken({ tenant: 'other' })]) {
      client.send({ case: 'renew', value: { $typeName: 'weir.v1.Renew', token } })
      assert.equal((await client.next('refused')).id, 0)
    }
    client.subscribe({ filters: ['kept'] })
    await client.next('subscribed')
    client.close()
  })

  test('that acknowledges nothing is asked to reconnect, and goes on from its cursor', async () => {
    const slow = await TestClient.open(hub.url, { windowBytes: 16_384 })
    slow.acknowledges = false
    slow.subscribe({ filters: ['stall.>'], mode: Mode.ALL })
    const { cursor } = await slow.next('subscribed')
    const big = JSON.stringify('x'.repeat(3_000))
    for (let count = 0; count < 10; count++) await mesh.publish('stall.a', big)
    assert.equal((await slow.closed).code, 3003)
    const taken = slow.entries.length
    assert.ok(taken > 0 && taken < 10)
    const again = await TestClient.open(hub.url, { windowBytes: 16_384 })
    assert.ok(cursor)
    again.subscribe({ filters: ['stall.>'], mode: Mode.ALL, cursor: { ...cursor, seq: slow.batches.at(-1)?.to ?? 0n } })
    await again.until(() => again.entries.length === 10 - taken)
    again.close()
  })

  test('that cannot acknowledge is asked to reconnect when its socket takes nothing', async () => {
    const hub = await mesh.startHub({ WEIR_HUB_STALL_SECONDS: '1' })
    const raw = await RawSocket.connect(hub.port)
    raw.write(
      `GET /v1/sse?filter=full&mode=ALL HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer ${await testToken()}\r\n\r\n`,
    )
    await raw.head()
    raw.socket.pause()
    const big = JSON.stringify('x'.repeat(200_000))
    // More than the kernel takes for it.
    for (let count = 0; count < 80; count++) await mesh.publish('full', big)
    await hub.untilMetric('connections', (value) => value === 0)
    assert.equal(await hub.metric('closes_total{code="3003"}'), 1)
    await hub.untilMetric('socket_bytes', (value) => value === 0)
    raw.reset()
  })

  test('whose peer is gone without a word is dropped', async () => {
    const hub = await mesh.startHub({ WEIR_HUB_IDLE_SECONDS: '8' })
    const raw = await RawSocket.open(hub.port)
    const living = await TestClient.open(hub.url)
    // A raw socket answers no ping; one that does is not dropped.
    raw.send(opcode.text, JSON.stringify({ type: 'hello', token: await testToken() }))
    await hub.untilMetric('connections', (value) => value === 2)
    await hub.untilMetric('connections', (value) => value === 1)
    living.subscribe({ filters: ['kept'] })
    await living.next('subscribed')
    living.close()
    raw.reset()
  })

  test('that has nothing to acknowledge does not stall', async () => {
    const idle = await TestClient.open(hub.url, { windowBytes: 16_384 })
    idle.subscribe({ filters: ['idle'] })
    const witness = await TestClient.open(hub.url, { token: await testToken({ ttlSeconds: 3 }) })
    await witness.closed
    await mesh.publish('idle', '1')
    await idle.until(() => idle.entries.length === 1)
    idle.close()
  })
})

describe('a connection that has reached its age', () => {
  test('is asked to leave, then closed with 1012, and loses nothing by it', async (t) => {
    const mesh = await TestMesh.start()
    t.after(() => mesh.stop())
    const hub = await mesh.startHub({ WEIR_HUB_MAX_AGE_SECONDS: '1' })
    const first = await TestClient.open(hub.url)
    first.subscribe({ filters: ['age'] })
    const { cursor } = await first.next('subscribed')
    await mesh.publish('age', '1')
    const goaway = await first.next('goaway')
    assert.equal(goaway.reason, 'age')
    assert.equal((await first.closed).code, 1012)
    await mesh.publish('age', '2')
    const second = await TestClient.open(hub.url)
    assert.ok(cursor)
    second.subscribe({ filters: ['age'], cursor: { ...cursor, seq: first.batches.at(-1)?.to ?? 0n } })
    await second.until(() => second.entries.length === 1)
    assert.deepEqual([...first.entries, ...second.entries], ['age=1', 'age=2'])
  })
})

describe('a hub that is told to stop', () => {
  test('sends everybody away at different times, lets nobody in, and exits with 0', async (t) => {
    const mesh = await TestMesh.start()
    t.after(() => mesh.stop())
    const hub = await mesh.startHub({ WEIR_DRAIN_SECONDS: '6' })
    const clients = await Promise.all(Array.from({ length: 8 }, () => TestClient.open(hub.url)))
    const authorization = `Bearer ${await testToken()}`
    const stream = await SseReader.open(`${hub.httpUrl}/v1/sse`, { authorization })
    await stream.until(() => stream.id !== '')
    // Stands in the way of an early end.
    const held = await RawSocket.open(hub.port)
    const exit = once(hub.process, 'exit')
    hub.process.kill('SIGTERM')
    const goaways = await Promise.all(clients.map((client) => client.next('goaway')))
    assert.deepEqual(new Set(goaways.map(({ reason }) => reason)), new Set(['draining']))
    assert.ok(new Set(goaways.map(({ reconnectAfterMs }) => reconnectAfterMs)).size > 4)

    const ready = await fetch(`${hub.adminUrl}/readyz`)
    assert.equal(ready.status, 503)
    assert.equal(((await ready.json()) as { draining: boolean }).draining, true)
    assert.equal((await fetch(`${hub.adminUrl}/healthz`)).status, 200)
    const late = await RawSocket.connect(hub.port)
    late.write(upgradeRequest())
    const head = await late.head()
    assert.match(head, /^HTTP\/1.1 503 /)
    assert.match(head, /^retry-after: \d/im)
    late.reset()
    assert.equal((await fetch(`${hub.httpUrl}/v1/sse`, { headers: { authorization } })).status, 503)

    for (const client of clients) assert.equal((await client.closed).code, 1012)
    await stream.until(() => stream.ended)
    assert.deepEqual(stream.entries, ['reset', 'goaway', 'closed'])
    assert.equal(await held.closeCode(), 1012)
    assert.deepEqual(await exit, [0, null])
  })
})
