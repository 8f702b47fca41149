import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Mode } from '@weir/proto'
import type { SessionsAnswer } from '../src/http/sessions-door.ts'
import { type TestHub, TestMesh, testToken } from './harness.ts'
import { TestClient } from './test-client.ts'

describe('the sessions at the port of subscribers', () => {
  let mesh: TestMesh
  let hubs: readonly [TestHub, TestHub]
  let admin: string

  before(async () => {
    mesh = await TestMesh.start()
    hubs = [await mesh.startHub({ WEIR_HUB_NAME: 'one' }), await mesh.startHub({ WEIR_HUB_NAME: 'two' })]
    admin = `Bearer ${await testToken({ subject: 'operator', admin: true })}`
  })

  after(() => mesh.stop())

  async function ask(query: string, authorization = admin, method = 'GET'): Promise<Response> {
    return await fetch(`${hubs[0].httpUrl}/v1/sessions?${query}`, { method, headers: { authorization } })
  }

  async function listed(query: string): Promise<SessionsAnswer> {
    return (await (await ask(query)).json()) as SessionsAnswer
  }

  test('lists those of every hub, the one that is furthest behind first, and finds some of them', async () => {
    const swift = await TestClient.open(hubs[0].url, { token: await testToken({ subject: 'swift' }) })
    const slow = await TestClient.open(hubs[1].url, {
      token: await testToken({ subject: 'slow' }),
      windowBytes: 16_384,
    })
    slow.acknowledges = false
    for (const client of [swift, slow]) {
      client.subscribe({ filters: ['door.>'], mode: Mode.ALL })
      await client.next('subscribed')
    }
    for (let count = 0; count < 8; count++) await mesh.publish('door.a', JSON.stringify('x'.repeat(4_000)))
    await swift.until(() => swift.entries.length === 8)
    const { hubs: answered, sessions } = await listed('')
    assert.deepEqual(answered, [
      { hub: 'one', connections: 1, matching: 1 },
      { hub: 'two', connections: 1, matching: 1 },
    ])
    assert.deepEqual(
      sessions.map(({ hub, subject }) => `${hub} ${subject}`),
      ['two slow', 'one swift'],
    )
    const [late] = sessions
    assert.ok((late?.lagEntries ?? 0) > 0 && (late?.outstandingBytes ?? 0) > 0, JSON.stringify(late))
    assert.deepEqual(late?.reads, [{ source: 'events', mode: 'ALL', filters: ['door.>'] }])
    const names = async (query: string): Promise<string[]> =>
      (await listed(query)).sessions.map(({ subject }) => subject)
    assert.deepEqual(await names('behind=true'), ['slow'])
    assert.deepEqual(await names('find=SWIF'), ['swift'])
    assert.deepEqual(await names('find=two.'), ['slow'], 'a session is found by its id')
    assert.deepEqual(await names('limit=1'), ['slow'])
    const closed = await ask('subject=slow', admin, 'DELETE')
    assert.deepEqual(((await closed.json()) as { closed: number }).closed, 1)
    assert.equal((await slow.closed).code, 3503)
    assert.deepEqual(await names(''), ['swift'])
    swift.close()
  })

  test('are those of the token that asks alone, and of no other tenant', async () => {
    const client = await TestClient.open(hubs[0].url, { token: await testToken({ subject: 'stays' }) })
    client.subscribe({ filters: ['door.>'], mode: Mode.ALL })
    await client.next('subscribed')
    const foreign = `Bearer ${await testToken({ tenant: 'elsewhere', subject: 'operator', admin: true })}`
    const answer = (await (await ask('', foreign)).json()) as SessionsAnswer
    assert.deepEqual(answer.sessions, [])
    assert.deepEqual(
      answer.hubs.map(({ connections }) => connections),
      [0, 0],
    )
    const closed = (await (await ask('subject=stays', foreign, 'DELETE')).json()) as { closed: number }
    assert.equal(closed.closed, 0)
    assert.equal((await ask('subject=stays&tenant=main', foreign, 'DELETE')).status, 400)
    await mesh.publish('door.b', '1')
    await client.until(() => client.entries.includes('door.b=1'))
    client.close()
  })

  test('are for administrators by a header alone, and a foreign page is asked for first', async () => {
    const plain = `Bearer ${await testToken()}`
    const token = admin.slice('Bearer '.length)
    const cases: readonly [string, string, string, number][] = [
      ['GET', '', '', 401],
      ['GET', `token=${token}&access_token=${token}`, '', 401],
      ['GET', '', plain, 403],
      ['DELETE', 'subject=x', plain, 403],
      ['DELETE', '', admin, 400],
      ['GET', 'limit=0', admin, 400],
      ['GET', 'behind=yes', admin, 400],
      ['GET', 'tenant=main', admin, 400],
      ['POST', '', admin, 405],
    ]
    for (const [method, query, authorization, status] of cases) {
      const response = await ask(query, authorization, method)
      assert.equal(response.status, status, `${method} ${query}`)
      if (status === 405) assert.equal(response.headers.get('allow'), 'GET, DELETE, OPTIONS')
    }
    const preflight = await fetch(`${hubs[0].httpUrl}/v1/sessions`, {
      method: 'OPTIONS',
      headers: { origin: 'https://page.example', 'access-control-request-method': 'DELETE' },
    })
    assert.equal(preflight.headers.get('access-control-allow-methods'), 'GET, DELETE')
    assert.equal(preflight.headers.get('access-control-allow-credentials'), null, 'no cookie goes with it')
    const listing = await ask('')
    assert.equal(listing.headers.get('cache-control'), 'no-store')
  })
})
