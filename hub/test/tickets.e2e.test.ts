import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type TestHub, TestMesh, testToken } from './harness.ts'
import { SseReader } from './sse-reader.ts'

describe('a ticket', () => {
  let mesh: TestMesh
  let hubs: readonly [TestHub, TestHub]

  before(async () => {
    mesh = await TestMesh.start()
    hubs = [await mesh.startHub(), await mesh.startHub()]
  })

  after(() => mesh.stop())

  async function ticket(token: string): Promise<Response> {
    return fetch(`${hubs[0].httpUrl}/v1/tickets`, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
  }

  test('stands for its token once, on any hub', async () => {
    const response = await ticket(await testToken({ subscribe: ['mine.>'] }))
    assert.equal(response.headers.get('cache-control'), 'no-store')
    const given = (await response.json()) as { ticket: string; expiresInMs: number }
    assert.ok(given.expiresInMs > 0 && given.expiresInMs <= 30_000)
    const url = (index: 0 | 1, filter: string): string =>
      `${hubs[index].httpUrl}/v1/sse?filter=${filter}&ticket=${given.ticket}`
    const first = await SseReader.open(url(1, 'mine.a'))
    assert.equal(first.response.status, 200)
    first.close()
    for (const index of [0, 1] as const) assert.equal((await fetch(url(index, 'mine.a'))).status, 401)
  })

  test('lets one in, of many who come at once', async () => {
    const given = (await (await ticket(await testToken())).json()) as { ticket: string }
    const readers = await Promise.all(
      [0, 1, 0, 1, 0, 1].map((index) =>
        SseReader.open(`${hubs[index as 0 | 1].httpUrl}/v1/sse?filter=a&ticket=${given.ticket}`),
      ),
    )
    assert.deepEqual(readers.map(({ response }) => response.status).sort(), [200, 401, 401, 401, 401, 401])
    for (const reader of readers) reader.close()
  })

  test('grants no more than its token, and no longer', async () => {
    const narrow = (await (await ticket(await testToken({ subscribe: ['mine.>'] }))).json()) as { ticket: string }
    assert.equal((await fetch(`${hubs[1].httpUrl}/v1/sse?filter=other&ticket=${narrow.ticket}`)).status, 403)
    const brief = (await (await ticket(await testToken({ ttlSeconds: 3 }))).json()) as {
      ticket: string
      expiresInMs: number
    }
    assert.ok(brief.expiresInMs <= 3_000)
    const reader = await SseReader.open(`${hubs[1].httpUrl}/v1/sse?filter=a&ticket=${brief.ticket}`)
    await reader.until(() => reader.ended)
    assert.match(reader.events.at(-1)?.data ?? '', /3006/)
  })

  test('is given for a valid token alone', async () => {
    assert.equal((await fetch(`${hubs[0].httpUrl}/v1/tickets`, { method: 'POST' })).status, 401)
    assert.equal((await ticket('nonsense')).status, 401)
    assert.equal((await fetch(`${hubs[0].httpUrl}/v1/tickets`)).status, 405)
  })

  test('is not given without end', async () => {
    const token = await testToken({ subject: 'greedy' })
    const statuses = await Promise.all(Array.from({ length: 60 }, async () => (await ticket(token)).status))
    assert.ok(statuses.includes(200) && statuses.includes(429))
    assert.equal((await ticket(await testToken({ subject: 'modest' }))).status, 200)
  })
})
