import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, afterEach, before, describe, test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { defaultTenantSpec, provisionTenant } from '@weir/mesh'
import { closeCode, type ErrorCode, HelloSchema, PingSchema, shouldReconnect } from '@weir/proto'
import fc from 'fast-check'
import { secret, type TestHub, TestMesh, testToken } from './harness.ts'
import { opcode, RawSocket, upgradeRequest } from './raw-socket.ts'
import { TestClient } from './test-client.ts'

let mesh: TestMesh
let hub: TestHub

before(async () => {
  mesh = await TestMesh.start()
  await provisionTenant(mesh.nc, 'other', defaultTenantSpec)
  hub = await mesh.startHub()
})

after(() => mesh.stop())

afterEach(() => hub.untilMetric('connections', (count) => count === 0))

/**
 * A token with what a good one has, where the test does not say otherwise; undefined leaves a claim
 * out.
 */
function handmade(claims: object, { alg = 'HS256', key = secret, header = {} }: Handmade = {}): string {
  const good = {
    iss: 'weir',
    aud: 'weir',
    sub: 'tester',
    exp: Math.floor(Date.now() / 1000) + 600,
    weir: { tenant: 'main', subscribe: ['>'] },
  }
  const signed = [
    { alg, ...header },
    { ...good, ...claims },
  ]
    .map(encode)
    .join('.')
  const hash = alg === 'HS512' ? 'sha512' : 'sha256'
  return `${signed}.${alg === 'none' ? '' : createHmac(hash, key).update(signed).digest('base64url')}`
}

interface Handmade {
  readonly alg?: string
  readonly key?: string
  /** Further members of the header. */
  readonly header?: object
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

describe('a token', () => {
  const seconds = Math.floor(Date.now() / 1000)
  const turnedAway: readonly (readonly [string, ErrorCode, string])[] = [
    ['that is absent', 'unauthenticated', ''],
    ['that is no token', 'unauthenticated', 'let me in'],
    ['that is too long', 'unauthenticated', 'x'.repeat(20_000)],
    ['that has expired', 'token_expired', handmade({ exp: seconds - 1 })],
    ['that is not valid yet', 'unauthenticated', handmade({ nbf: seconds + 600 })],
    ['of another issuer', 'unauthenticated', handmade({ iss: 'someone' })],
    ['for another audience', 'unauthenticated', handmade({ aud: 'elsewhere' })],
    ['with alg none', 'unauthenticated', handmade({}, { alg: 'none' })],
    ['with alg NONE and a signature', 'unauthenticated', handmade({}, { alg: 'NONE' })],
    ['with another HMAC', 'unauthenticated', handmade({}, { alg: 'HS512' })],
    ['with an algorithm of public keys', 'unauthenticated', handmade({}, { alg: 'RS256' })],
    ['signed by a foreign key', 'unauthenticated', handmade({}, { key: 'another secret that is long enough as well' })],
    ['that lives longer than any may', 'unauthenticated', handmade({ exp: 1e308 })],
    ['without exp', 'unauthenticated', handmade({ exp: undefined })],
    ['without sub', 'unauthenticated', handmade({ sub: undefined })],
    ['without iss', 'unauthenticated', handmade({ iss: undefined })],
    ['without aud', 'unauthenticated', handmade({ aud: undefined })],
    ['without the claim weir', 'unauthenticated', handmade({ weir: undefined })],
    ['with a claim weir of another form', 'unauthenticated', handmade({ weir: { subscribe: '>' } })],
    ['for a tenant that is no name', 'unauthenticated', handmade({ weir: { tenant: '*', subscribe: ['>'] } })],
    ['for the tenant of a subject', 'unauthenticated', handmade({ weir: { tenant: 'main.events', subscribe: ['>'] } })],
    ['with a filter that is none', 'unauthenticated', handmade({ weir: { subscribe: ['a.>.b'] } })],
    ...['*', '>', 'a.b', '', 'a b'].map(
      (sub) =>
        [
          `whose sub "${sub}" would widen its grant`,
          'unauthenticated',
          handmade({ sub, weir: { subscribe: ['u.{sub}'] } }),
        ] as const,
    ),
  ]
  for (const [what, code, token] of turnedAway) {
    test(`${what} gets nobody in`, async () => {
      const client = new TestClient(hub.url)
      await client.connected()
      client.send({ case: 'hello', value: { $typeName: 'weir.v1.Hello', token, client: '', windowBytes: 0 } })
      client.subscribe()
      const { code: closed, reason } = await client.closed
      assert.equal(closed, closeCode(code))
      assert.notEqual(reason, '')
      assert.deepEqual(client.frames, [])
    })
  }

  test('may end within a second', async () => {
    const client = await TestClient.open(hub.url, { token: handmade({ exp: seconds + 600.75 }) })
    client.subscribe({ filters: ['fraction'] })
    await client.next('subscribed')
    client.close()
    const response = await fetch(`${hub.httpUrl}/v1/tickets`, {
      method: 'POST',
      headers: { authorization: `Bearer ${handmade({ exp: seconds + 600.75 })}` },
    })
    assert.equal(response.status, 200)
  })

  test('whatever is signed in it, is good or at fault itself: nobody is told to come again with it', async () => {
    const time = fc.oneof(fc.constantFrom(seconds + 600.5, 1e15, 1e300, 1e308, 2 ** 53, seconds), fc.jsonValue())
    const text = fc.oneof(fc.constantFrom('a', '', '\u0000', '\ud800', 'x'.repeat(300)), fc.jsonValue())
    const list = fc.oneof(fc.constantFrom(['>'], ['a.*'], ['{sub}'], [null]), fc.jsonValue())
    const claims = fc.record(
      {
        exp: time,
        nbf: time,
        iat: time,
        jti: text,
        sub: text,
        aud: text,
        weir: fc.record({ tenant: text, subscribe: list, publish: list, admin: fc.jsonValue() }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    )
    const header = fc.record(
      { typ: fc.jsonValue(), kid: fc.jsonValue(), crit: fc.jsonValue(), b64: fc.jsonValue() },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(claims, header, async (claims, header) => {
        const client = new TestClient(hub.url)
        await client.connected()
        const token = handmade(claims, { header })
        client.send({ case: 'hello', value: create(HelloSchema, { token }) })
        client.send({ case: 'ping', value: create(PingSchema) })
        const outcome = await Promise.race([client.closed, client.next('pong').then(() => undefined)])
        client.close()
        if (outcome === undefined || outcome.code === closeCode('token_expired')) return
        assert.ok(!shouldReconnect(outcome.code), `${outcome.code} ${outcome.reason}`)
      }),
      { numRuns: 300 },
    )
  })

  test('with one wrong bit gets nobody in', async () => {
    const good = await testToken()
    for (let at = 0; at < good.length; at += 7) {
      const char = good[at] === 'A' ? 'g' : 'A'
      const client = new TestClient(hub.url)
      await client.connected()
      const token = good.slice(0, at) + char + good.slice(at + 1)
      client.send({ case: 'hello', value: { $typeName: 'weir.v1.Hello', token, client: '', windowBytes: 0 } })
      assert.equal((await client.closed).code, closeCode('unauthenticated'), `at ${at}`)
    }
  })

  test('may come in the header or in a subprotocol, but not in the query', async () => {
    const token = await testToken()
    const bearer = `weir.bearer.${Buffer.from(token).toString('base64url')}`
    const ways: readonly (readonly [string, string])[] = [
      ['welcome', upgradeRequest({ Authorization: `Bearer ${token}` })],
      ['welcome', upgradeRequest({ 'Sec-WebSocket-Protocol': `weir.v1.json, ${bearer}` })],
      ['closed', upgradeRequest({}, `GET /v1/ws?token=${token} HTTP/1.1`)],
      ['closed', upgradeRequest({ Authorization: `Basic ${token}` })],
    ]
    for (const [outcome, request] of ways) {
      const raw = await RawSocket.connect(hub.port)
      raw.write(request)
      assert.match(await raw.head(), /^HTTP\/1.1 101 /)
      raw.send(opcode.text, '{"type":"hello"}')
      if (outcome === 'welcome') assert.equal((await raw.json()).type, 'welcome')
      else assert.equal(await raw.closeCode(), closeCode('unauthenticated'))
      raw.reset()
    }
  })
})

describe('a grant', () => {
  const refusals: readonly (readonly [readonly string[], readonly (readonly string[])[]])[] = [
    [[], [['>'], ['a']]],
    [
      ['rooms.*'],
      [['>'], ['*'], ['*.*'], ['rooms.>'], ['rooms'], ['rooms.a.b'], ['rooms.*.*'], ['rooms.a', 'other.a']],
    ],
    [['rooms.>'], [['>'], ['rooms'], ['*.a'], ['*.>']]],
    [['a.*.c'], [['a.>'], ['a.*.*'], ['a.b.d'], ['a.b.c.d']]],
    [['users.{sub}.>'], [['users.*.>'], ['users.bob.>'], ['users.alice'], ['users.{sub}.a']]],
  ]
  for (const [grants, requests] of refusals) {
    test(`to [${grants}] is not one to more`, async () => {
      const client = await TestClient.open(hub.url, {
        token: await testToken({ subject: 'alice', subscribe: grants }),
      })
      for (const filters of requests) {
        client.subscribe({ filters: [...filters] })
        assert.match((await client.next('refused')).code, /^(forbidden|malformed)$/, filters.join())
      }
      client.close()
    })
  }

  test('is one to what lies within it, also by {sub}', async () => {
    const grants = ['rooms.*', 'users.{sub}.>', 'deep.>']
    const client = await TestClient.open(hub.url, { token: await testToken({ subject: 'alice', subscribe: grants }) })
    const requests = [['rooms.*'], ['rooms.a', 'deep.*.x'], ['users.alice.>'], ['users.alice.*.a', 'deep.>']]
    for (const [at, filters] of requests.entries()) client.subscribe({ id: at + 1, filters })
    await client.until(() => client.frames.length === requests.length)
    assert.deepEqual(new Set(client.frames.map((frame) => frame.case)), new Set(['subscribed']))
    client.close()
  })

  test('is to one tenant: nothing of another is seen', async () => {
    const client = await TestClient.open(hub.url, { token: await testToken({ tenant: 'other' }) })
    client.subscribe({ filters: ['>'] })
    await client.next('subscribed')
    await mesh.publish('secret', '1', 'main')
    await mesh.publish('own', '2', 'other')
    await client.until(() => client.entries.length > 0)
    assert.deepEqual(client.entries, ['own=2'])
    client.close()
  })

  test('of a tenant that there is not leads nowhere', async () => {
    const client = await TestClient.open(hub.url, { token: await testToken({ tenant: 'nobody' }) })
    client.subscribe({ filters: ['>'] })
    assert.equal((await client.next('refused')).code, 'not_found')
    client.close()
  })
})

describe('Renew', () => {
  const renewals: readonly (readonly [string, ErrorCode, () => string | Promise<string>])[] = [
    ['for another subject', 'forbidden', () => testToken({ subject: 'mallory' })],
    ['for another tenant', 'forbidden', () => testToken({ tenant: 'other' })],
    ['of another issuer', 'unauthenticated', () => handmade({ iss: 'someone' })],
    ['that has expired', 'token_expired', () => handmade({ exp: 1 })],
    ['that is none', 'unauthenticated', () => ''],
  ]
  for (const [what, code, token] of renewals) {
    test(`with a token ${what} is refused, and the old one stays`, async () => {
      const client = await TestClient.open(hub.url)
      client.subscribe({ filters: ['renew.stays'] })
      await client.next('subscribed')
      client.send({ case: 'renew', value: { $typeName: 'weir.v1.Renew', token: await token() } })
      const refusal = await client.next('refused')
      assert.deepEqual([refusal.id, refusal.code], [0, code])
      await mesh.publish('renew.stays', '1')
      await client.until(() => client.entries.length === 1)
      client.close()
    })
  }

  test('that loses a grant ends what it granted, and nothing else', async () => {
    const client = await TestClient.open(hub.url)
    client.subscribe({ id: 1, filters: ['renew.lost'] })
    client.subscribe({ id: 2, filters: ['renew.kept'] })
    client.subscribe({ id: 3, filters: ['renew.>'] })
    await client.next('subscribed')
    const token = await testToken({ subscribe: ['renew.kept', 'renew.lost.more'] })
    client.send({ case: 'renew', value: { $typeName: 'weir.v1.Renew', token } })
    const refused = [await client.next('refused'), await client.next('refused')]
    assert.deepEqual(refused.map(({ id, code }) => [id, code]).sort(), [
      [1, 'forbidden'],
      [3, 'forbidden'],
    ])
    await mesh.publish('renew.lost', '1')
    await mesh.publish('renew.kept', '2')
    await client.until(() => client.entries.length > 0)
    assert.deepEqual(client.entries, ['renew.kept=2'])
    client.subscribe({ id: 1, filters: ['renew.lost'] })
    assert.equal((await client.next('refused')).code, 'forbidden')
    client.close()
  })
})
