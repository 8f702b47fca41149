import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { defaultTenantSpec, provisionTenant } from '@weir/mesh'
import { closeCode, Mode } from '@weir/proto'
import { type TestHub, TestMesh, testToken } from './harness.ts'
import { RawSocket, upgradeRequest } from './raw-socket.ts'
import { TestClient } from './test-client.ts'

let mesh: TestMesh

before(async () => {
  mesh = await TestMesh.start()
})

after(() => mesh.stop())

/** The status of a request to upgrade, and the code of its problem. */
async function knock(hub: TestHub, headers: Readonly<Record<string, string>> = {}): Promise<readonly [number, string]> {
  const raw = await RawSocket.connect(hub.port)
  raw.write(upgradeRequest({ ...headers, Connection: 'Upgrade' }))
  const head = await raw.head()
  const status = Number(/^HTTP\/1.1 (\d+)/.exec(head)?.[1])
  raw.socket.end()
  if (status === 101) return [101, '']
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1])
  assert.match(head, /^content-type: application\/problem\+json/im)
  const { code } = JSON.parse((await raw.rest()).slice(0, length)) as { code: string }
  return [status, code]
}

describe('a hub lets in', () => {
  test('so many connections of one address, whether they have said Hello or not', async () => {
    const hub = await mesh.startHub({ WEIR_HUB_CONNECTIONS_PER_IP: '3' })
    const silent = [await RawSocket.open(hub.port), await RawSocket.open(hub.port)]
    const client = await TestClient.open(hub.url)
    assert.deepEqual(await knock(hub), [429, 'rate_limited'])
    const authorization = `Bearer ${await testToken()}`
    assert.equal((await fetch(`${hub.httpUrl}/v1/sse`, { headers: { authorization } })).status, 429)
    assert.equal((await fetch(`${hub.httpUrl}/v1/tickets`, { method: 'POST', headers: { authorization } })).status, 429)
    silent[0]?.reset()
    await hub.untilMetric('connections', (value) => value === 2)
    const next = await TestClient.open(hub.url)
    next.close()
    client.close()
    silent[1]?.reset()
    await hub.untilMetric('connections', (value) => value === 0)
  })

  test('so many connections of each client behind a proxy that is trusted, whatever it claims', async () => {
    const settings = { WEIR_HUB_CONNECTIONS_PER_IP: '1', WEIR_HUB_TRUSTED_PROXIES: '127.0.0.1' }
    const hub = await mesh.startHub(settings)
    const held = await RawSocket.connect(hub.port)
    held.write(upgradeRequest({ 'X-Forwarded-For': '203.0.113.1', Connection: 'Upgrade' }))
    assert.match(await held.head(), /^HTTP\/1.1 101 /)
    const claimed = { 'X-Forwarded-For': '198.51.100.7, 203.0.113.1' }
    assert.deepEqual(await knock(hub, claimed), [429, 'rate_limited'])
    assert.equal((await knock(hub, { 'X-Forwarded-For': '203.0.113.2' }))[0], 101)
    const authorization = `Bearer ${await testToken()}`
    const ticket = (client: string): Promise<Response> =>
      fetch(`${hub.httpUrl}/v1/tickets`, { method: 'POST', headers: { authorization, 'x-forwarded-for': client } })
    assert.equal((await ticket('203.0.113.1')).status, 429)
    assert.equal((await ticket('203.0.113.3')).status, 200)
    held.reset()
  })

  test('so many connections in all', async () => {
    const hub = await mesh.startHub({ WEIR_HUB_CONNECTIONS: '2' })
    const clients = [await TestClient.open(hub.url), await TestClient.open(hub.url)]
    assert.deepEqual(await knock(hub), [503, 'overloaded'])
    assert.equal(await hub.metric('refusals_total'), 1)
    for (const client of clients) client.close()
    await hub.untilMetric('connections', (value) => value === 0)
    assert.equal((await knock(hub))[0], 101)
  })

  test('the pages of allowed origins, and what is no page', async () => {
    const hub = await mesh.startHub({ WEIR_HUB_ORIGINS: 'https://board.example, https://other.example' })
    assert.equal((await knock(hub))[0], 101)
    assert.equal((await knock(hub, { Origin: 'https://other.example' }))[0], 101)
    for (const origin of ['https://evil.example', 'null', 'https://board.example.evil.example']) {
      assert.deepEqual(await knock(hub, { Origin: origin }), [403, 'forbidden'])
    }
  })

  test('no more of one tenant than are allowed, whatever they speak, and others all the same', async () => {
    const hub = await mesh.startHub({ WEIR_HUB_CONNECTIONS_PER_TENANT: '2' })
    await provisionTenant(mesh.nc, 'other', defaultTenantSpec)
    const [first, second] = [await TestClient.open(hub.url), await TestClient.open(hub.url)]
    const third = new TestClient(hub.url)
    await third.connected()
    third.greet(await testToken(), {})
    assert.equal((await third.closed).code, closeCode('rate_limited'))
    const headers = { authorization: `Bearer ${await testToken()}` }
    assert.equal((await fetch(`${hub.httpUrl}/v1/sse`, { headers })).status, 429)
    const other = await TestClient.open(hub.url, { token: await testToken({ tenant: 'other' }) })
    first.close()
    await hub.untilMetric('connections', (value) => value === 2)
    const again = await TestClient.open(hub.url)
    for (const client of [second, other, again]) client.close()
  })

  test('nobody while the buffers of its sockets are full', async () => {
    const hub = await mesh.startHub({ WEIR_HUB_SOCKET_BYTES: '100000', WEIR_HUB_HIGH_WATER_BYTES: '1MiB' })
    const sockets: Socket[] = []
    const token = await testToken()
    // An event stream of which nothing is read fills the buffer of its socket, beyond what the
    // kernel takes.
    const stalled = await RawSocket.connect(hub.port)
    sockets.push(stalled.socket)
    stalled.write(
      `GET /v1/sse?source=events&filter=full&mode=ALL HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    )
    await hub.untilMetric('subscriptions', (value) => value === 1)
    stalled.socket.pause()
    const healthy = await TestClient.open(hub.url)
    healthy.subscribe({ filters: ['full'], mode: Mode.ALL })
    await healthy.next('subscribed')
    const big = JSON.stringify('x'.repeat(100_000))
    for (let count = 0; (await hub.metric('socket_bytes')) <= 100_000; count++) {
      assert.ok(count < 200, 'the buffer fills')
      await mesh.publish('full', big)
    }
    await hub.untilMetric('full', (value) => value === 1)
    assert.deepEqual(await knock(hub), [503, 'overloaded'])
    // Those who are in stay in.
    const seen = healthy.entries.length
    await mesh.publish('full', '1')
    await healthy.until(() => healthy.entries.length > seen)
    stalled.reset()
    await hub.untilMetric('full', (value) => value === 0)
    assert.equal((await knock(hub))[0], 101)
    healthy.close()
    for (const socket of sockets) socket.destroy()
  })

  test('nobody who never finishes a request, and does not count them for long', async () => {
    const hub = await mesh.startHub({ WEIR_HUB_CONNECTIONS: '2' })
    const half = Array.from({ length: 50 }, () => connect(hub.port, '127.0.0.1').on('error', () => undefined))
    for (const socket of half) socket.write('GET /v1/ws HTTP/1.1\r\nHost: ')
    assert.equal((await knock(hub))[0], 101)
    for (const socket of half) socket.destroy()
  })
})
