import assert from 'node:assert/strict'
import { once } from 'node:events'
import process from 'node:process'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Mode } from '@weir/proto'
import type { SessionPage } from '../src/session/report/session-list.ts'
import { type TestHub, TestMesh, testToken } from './harness.ts'
import { SseReader } from './sse-reader.ts'
import { TestClient } from './test-client.ts'

describe('a hub with two workers', () => {
  let mesh: TestMesh
  let hub: TestHub
  let admin: Readonly<Record<string, string>>

  before(async () => {
    mesh = await TestMesh.start()
    hub = await mesh.startHub({ WEIR_HUB_WORKERS: '2', WEIR_HUB_NAME: 'pool' })
    admin = { authorization: `Bearer ${await testToken({ admin: true })}` }
  })

  after(() => mesh.stop())

  /** So many clients that the system gives some to each worker. */
  async function crowd(subject: string): Promise<readonly TestClient[]> {
    const token = await testToken({ subject })
    return Promise.all(
      Array.from({ length: 24 }, async () => {
        const client = await TestClient.open(hub.url, { token })
        client.subscribe({ filters: ['pool.>'], mode: Mode.ALL })
        await client.next('subscribed')
        return client
      }),
    )
  }

  async function leave(clients: readonly TestClient[]): Promise<void> {
    for (const client of clients) client.close()
    await hub.untilMetric('connections', (value) => value === 0)
  }

  async function sessions(query: string): Promise<SessionPage> {
    const response = await fetch(`${hub.adminUrl}/v1/sessions?${query}`, { headers: admin })
    assert.equal(response.status, 200, await response.clone().text())
    return (await response.json()) as SessionPage
  }

  function workerOf(session: string): string {
    return session.slice(0, session.lastIndexOf('.'))
  }

  function pidOf(worker: number): number {
    const lines = hub.log.map((line) => JSON.parse(line) as { worker?: number; pid?: number })
    return lines.find((line) => line.worker === worker)?.pid as number
  }

  test('serves on one port by both, and each client gets everything', async () => {
    const clients = await crowd('crowd')
    for (let count = 1; count <= 3; count++) await mesh.publish('pool.a', String(count))
    for (const client of clients) {
      await client.until(() => client.entries.length === 3)
      assert.deepEqual(client.entries, ['pool.a=1', 'pool.a=2', 'pool.a=3'])
    }
    const { sessions: all } = await sessions('')
    assert.deepEqual([...new Set(all.map(({ session }) => workerOf(session)))].sort(), ['pool-1', 'pool-2'])
    await leave(clients)
  })

  test('pages through the sessions of both', async () => {
    const clients = await crowd('paged')
    const seen = new Set<string>()
    let next: string | undefined
    let pages = 0
    do {
      const page = await sessions(`limit=5${next === undefined ? '' : `&after=${next}`}`)
      for (const { session } of page.sessions) seen.add(session)
      next = page.next
      pages++
    } while (next !== undefined)
    assert.equal(seen.size, clients.length)
    assert.ok(pages >= 5)
    assert.equal((await fetch(`${hub.adminUrl}/v1/sessions`)).status, 401)
    assert.equal((await fetch(`${hub.adminUrl}/v1/sessions?after=elsewhere.1`, { headers: admin })).status, 400)
    await leave(clients)
  })

  test('disconnects a subject on both', async () => {
    const clients = await crowd('both')
    const url = `${hub.adminUrl}/v1/sessions?subject=both`
    const { closed } = (await (await fetch(url, { method: 'DELETE', headers: admin })).json()) as { closed: number }
    assert.equal(closed, clients.length)
    for (const client of clients) assert.equal((await client.closed).code, 3503)
  })

  test('redeems a ticket of either on either, once', async () => {
    const headers = { authorization: `Bearer ${await testToken()}` }
    for (let round = 0; round < 8; round++) {
      const response = await fetch(`${hub.httpUrl}/v1/tickets`, {
        method: 'POST',
        headers: { ...headers, connection: 'close' },
      })
      const { ticket } = (await response.json()) as { ticket: string }
      const readers = [1, 2, 3].map(() => SseReader.open(`${hub.httpUrl}/v1/sse?filter=a&ticket=${ticket}`))
      const statuses = (await Promise.all(readers)).map(({ response: { status } }) => status)
      assert.deepEqual(statuses.sort(), [200, 401, 401])
      for (const reader of readers) (await reader).close()
    }
    await hub.untilMetric('connections', (value) => value === 0)
  })

  test('exports the metrics of both, and of what watches them', async () => {
    const text = await (await fetch(`${hub.adminUrl}/metrics`)).text()
    for (const worker of ['1', '2'])
      assert.match(text, new RegExp(`^weir_hub_connections\\{worker="${worker}"\\} 0$`, 'm'))
    assert.match(text, /^weir_hub_worker_restarts_total\{worker="supervisor"\} 0$/m)
    assert.equal(text.match(/^# TYPE weir_hub_connections /gm)?.length, 1)
  })

  test('lists the sessions of one while the other does not answer', async () => {
    const clients = await crowd('stopped')
    process.kill(pidOf(1), 'SIGSTOP')
    try {
      const { sessions: those } = await sessions('')
      assert.ok(those.length > 0 && those.length < clients.length)
      assert.deepEqual(new Set(those.map(({ session }) => workerOf(session))), new Set(['pool-2']))
    } finally {
      process.kill(pidOf(1), 'SIGCONT')
    }
    assert.equal((await sessions('')).sessions.length, clients.length)
    await leave(clients)
  })

  test('starts a worker again that has crashed; the other one serves meanwhile', async () => {
    const clients = await crowd('crash')
    const { sessions: all } = await sessions('')
    const lost = all.filter(({ session }) => workerOf(session) === 'pool-1').length
    process.kill(pidOf(1), 'SIGKILL')
    assert.ok(lost > 0 && lost < clients.length)
    await hub.untilMetric('connections', (value) => value === clients.length - lost)
    const during = await fetch(`${hub.adminUrl}/readyz`)
    assert.equal(during.status, 200)
    const fresh = await TestClient.open(hub.url)
    fresh.close()
    await hub.untilMetric('worker_restarts_total', (value) => value === 1)
    for (;;) {
      const { workers } = (await (await fetch(`${hub.adminUrl}/readyz`)).json()) as { workers: { ready: boolean }[] }
      if (workers.every(({ ready }) => ready)) break
      await sleep(50)
    }
    await leave(clients)
  })

  test('drains both on SIGTERM, and exits with 0', async () => {
    const clients = await crowd('drain')
    const exit = once(hub.process, 'exit')
    hub.process.kill('SIGTERM')
    for (const client of clients) {
      assert.equal((await client.next('goaway')).reason, 'draining')
      assert.equal((await client.closed).code, 1012)
    }
    assert.deepEqual(await exit, [0, null])
  })
})

describe('workers', () => {
  test('stop when what watches them is killed', async (t) => {
    const mesh = await TestMesh.start()
    t.after(() => mesh.stop())
    const hub = await mesh.startHub({ WEIR_HUB_WORKERS: '2' })
    const client = await TestClient.open(hub.url)
    await hub.stop('SIGKILL')
    assert.equal((await client.closed).code, 1012)
  })
})
