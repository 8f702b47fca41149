import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import type { HttpServer } from '../http/http-server.ts'
import { serve } from '../http/serve.ts'
import { mintToken, type TokenRequest } from './token.ts'
import { Verifier } from './verifier.ts'

const secret = '0123456789abcdef0123456789abcdef'
const expected = { jwtIssuer: 'weir', jwtAudience: 'weir' }
const request: TokenRequest = {
  tenant: 'acme',
  subject: 'u1',
  publish: ['users.{sub}.>'],
  subscribe: ['rooms.>', 'users.x-{sub}'],
  ttlSeconds: 60,
}
const byDevelopmentSecret = new Verifier({ jwtSecret: secret, ...expected })

test('a minted token is an identity, with {sub} filled in', async () => {
  const token = await mintToken(secret, { ...request, admin: true })
  const identity = await byDevelopmentSecret.verify(token)
  assert.deepEqual(
    { ...identity, expiresAt: 0 },
    {
      tenant: 'acme',
      subject: 'u1',
      publish: ['users.u1.>'],
      subscribe: ['rooms.>', 'users.x-u1'],
      admin: true,
      expiresAt: 0,
    },
  )
  assert.ok(Math.abs(identity.expiresAt - Date.now() / 1000 - 60) < 30)
  assert.equal(await byDevelopmentSecret.verify(token), identity)
})

test('what a token leaves out is not granted', async () => {
  const identity = await byDevelopmentSecret.verify(await signed({ weir: {} }))
  assert.deepEqual([identity.tenant, identity.publish, identity.subscribe, identity.admin], ['main', [], [], false])
})

test('a token that has expired says so, also when it was known before', async (context) => {
  await assert.rejects(byDevelopmentSecret.verify(await mintToken(secret, { ...request, ttlSeconds: -1 })), {
    code: 'token_expired',
  })
  const token = await mintToken(secret, request)
  await byDevelopmentSecret.verify(token)
  const later = Date.now() + 61_000
  context.mock.method(Date, 'now', () => later)
  await assert.rejects(byDevelopmentSecret.verify(token), { code: 'token_expired' })
})

test('another issuer, another audience and a token that is not valid yet are refused', async () => {
  await refuses(await mintToken(secret, { ...request, issuer: 'other' }), /"iss"/)
  await refuses(await mintToken(secret, { ...request, audience: 'other' }), /"aud"/)
  await refuses(await signed({ weir: {}, nbf: now() + 3_600 }), /"nbf"/)
})

test('a token needs each of its claims', async () => {
  for (const missing of ['iss', 'aud', 'exp', 'sub', 'weir']) {
    const { [missing]: _, ...claims }: JWTPayload = fullClaims()
    await refuses(await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(bytes(secret)), /claim/)
  }
})

test('a claim of the wrong type is refused', async () => {
  const wrong: unknown[] = [
    'all',
    null,
    { publish: 'rooms.>' },
    { subscribe: [1] },
    { admin: 'true' },
    { tenant: 1 },
    { tenant: 'A.b' },
    { tenant: '' },
    { publish: ['a..b'] },
    { subscribe: ['a.>.b'] },
    { subscribe: [''] },
    { subscribe: ['a b'] },
    { subscribe: ['a.{user}'] },
    { publish: Array.from({ length: 65 }, (_, at) => `a.${at}`) },
  ]
  for (const weir of wrong) await refuses(await signed({ weir }), /claim|filter|tenant/, JSON.stringify(weir))
  for (const sub of ['', 'x'.repeat(256)]) await refuses(await signed({ sub, weir: {} }), /"sub"/)
})

test('a sub never widens a filter', async () => {
  for (const sub of ['*', '>', 'a.>', 'a.b', '.', 'a b', 'a*', '{sub}', '$&', 'ü', 'a\n']) {
    await refuses(await signed({ sub, weir: { publish: ['users.{sub}'] } }), /sub is not one token/, sub)
    await refuses(await signed({ sub, weir: { subscribe: ['{sub}'] } }), /sub is not one token/, sub)
    const harmless = await byDevelopmentSecret.verify(await signed({ sub, weir: { subscribe: ['rooms.>'] } }))
    assert.deepEqual(harmless.subscribe, ['rooms.>'])
  }
})

test('tokens that grant the same share one list, and a filter that is none is not taken for two', async () => {
  const grant = { weir: { subscribe: ['shared.a', 'shared.b'] } }
  const [one, other] = await Promise.all(
    ['u1', 'u2'].map(async (sub) => byDevelopmentSecret.verify(await signed({ ...grant, sub }))),
  )
  assert.equal(one?.subscribe, other?.subscribe)
  assert.deepEqual(one?.subscribe, ['shared.a', 'shared.b'])
  await refuses(await signed({ weir: { subscribe: ['shared.a shared.b'] } }), /is not one/)
  await refuses(await signed({ weir: { subscribe: ['shared.a,shared.b'] } }), /is not one/)
})

test('what is no token, an unsigned one and a changed one are refused', async () => {
  const token = await mintToken(secret, request)
  const [header = '', payload = '', signature = ''] = token.split('.')
  const admin = encode({ ...fullClaims(), weir: { admin: true, subscribe: ['>'] } })
  const unsigned = encode({ alg: 'none' })
  for (const forged of [
    '',
    'x',
    '..',
    `${header}.${payload}`,
    `${header}.${payload}.`,
    `${unsigned}.${payload}.`,
    `${unsigned}.${payload}.${signature}`,
    `${header}.${admin}.${signature}`,
    `${encode({ alg: 'HS384' })}.${payload}.${signature}`,
    `${encode({ alg: 'HS256', crit: ['b64'], b64: false })}.${payload}.${signature}`,
    'x'.repeat(20_000),
  ]) {
    await refuses(forged)
  }
  await refuses('x', /no JWT/)
  await refuses(`${encode({ alg: 'HS384' })}.${payload}.${signature}`, /signed in a way/)
})

test('an exp with a fraction counts, as a whole second', async () => {
  const exp = now() + 60
  assert.equal((await byDevelopmentSecret.verify(await signed({ exp: exp + 0.9 }))).expiresAt, exp)
})

test('a token that lives longer than is allowed is refused with the reason', async () => {
  const strict = new Verifier({ jwtSecret: secret, ...expected, tokenLifeMs: 3_600_000 })
  assert.equal((await strict.verify(await signed({ exp: now() + 3_590 }))).subject, 'u1')
  for (const exp of [now() + 3_700, Number.MAX_SAFE_INTEGER, 1e308]) {
    await refuses(await signed({ exp }), /longer than the 1h .*WEIR_TOKEN_LIFE_SECONDS/, String(exp), strict)
    if (exp > 1e15) await refuses(await signed({ exp }), /longer than the 366d/, String(exp))
  }
})

test('a token signed with another secret is refused', async () => {
  await refuses(await mintToken(secret.toUpperCase(), request), /signed by another key or secret/)
})

test('a secret of fewer than 32 bytes is refused where it is given', async () => {
  assert.throws(() => new Verifier({ jwtSecret: secret.slice(1), ...expected }), { code: 'invalid' })
  await assert.rejects(mintToken('short', request), { code: 'invalid' })
})

test('no key, or two, is refused', () => {
  assert.throws(() => new Verifier(expected), { code: 'invalid' })
  assert.throws(() => new Verifier({ jwtSecret: secret, jwksUrl: 'https://a.example', ...expected }), {
    code: 'invalid',
  })
})

test('each asymmetric algorithm is verified by the key set', async () => {
  const pairs = await Promise.all(['RS256', 'ES256', 'EdDSA'].map(async (alg) => ({ alg, ...(await pair(alg)) })))
  const keys = await keySet(pairs.map(({ alg, publicKey }) => ({ kid: alg, publicKey })))
  const verifier = new Verifier({ jwksUrl: keys.url, ...expected })
  for (const { alg, privateKey } of pairs) {
    const token = await new SignJWT(fullClaims()).setProtectedHeader({ alg, kid: alg }).sign(privateKey)
    assert.equal((await verifier.verify(token)).subject, 'u1', alg)
  }
  assert.equal(keys.requests(), 1)

  const foreign = await pair('ES256')
  const forged = await new SignJWT(fullClaims())
    .setProtectedHeader({ alg: 'ES256', kid: 'ES256' })
    .sign(foreign.privateKey)
  await refuses(forged, /signed by another key/, 'ES256', verifier)
  await keys.server.close(1_000)
})

test('a public key is never taken for a secret', async () => {
  const { publicKey } = await pair('RS256')
  const keys = await keySet([{ kid: 'a', publicKey }])
  const verifier = new Verifier({ jwksUrl: keys.url, ...expected })
  for (const key of [await exportSPKI(publicKey), JSON.stringify(await exportJWK(publicKey)), secret]) {
    const content = `${encode({ alg: 'HS256', kid: 'a' })}.${encode(fullClaims())}`
    await refuses(
      `${content}.${createHmac('sha256', key).update(content).digest('base64url')}`,
      /signed in a way/,
      '',
      verifier,
    )
  }
  await refuses(await mintToken(secret, request), /signed in a way/, '', verifier)
  await keys.server.close(1_000)
})

test('keys that cannot be had are unavailable, which may pass', async () => {
  const { privateKey } = await pair('ES256')
  const token = await new SignJWT(fullClaims()).setProtectedHeader({ alg: 'ES256', kid: 'a' }).sign(privateKey)
  for (const answer of [new Response('', { status: 500 }), new Response('<html>'), Response.json({ keys: 1 })]) {
    const server = await serve(() => answer, { hostname: '127.0.0.1', port: 0 })
    const verifier = new Verifier({ jwksUrl: `http://127.0.0.1:${server.port}/`, ...expected })
    await assert.rejects(verifier.verify(token), { code: 'unavailable' })
    await server.close(1_000)
    await assert.rejects(verifier.verify(token), { code: 'unavailable' })
  }
})

function fullClaims(): JWTPayload {
  return { iss: 'weir', aud: 'weir', sub: 'u1', exp: now() + 60, weir: { subscribe: ['rooms.>'] } }
}

function signed(claims: Record<string, unknown>): Promise<string> {
  return new SignJWT({ ...fullClaims(), ...claims }).setProtectedHeader({ alg: 'HS256' }).sign(bytes(secret))
}

async function refuses(token: string, message = /./, hint = '', verifier = byDevelopmentSecret): Promise<void> {
  await assert.rejects(verifier.verify(token), { code: 'unauthenticated', message }, hint)
}

type Pair = Awaited<ReturnType<typeof generateKeyPair>>

function pair(alg: string): Promise<Pair> {
  return generateKeyPair(alg, { extractable: true })
}

interface KeySet {
  readonly server: HttpServer
  readonly url: string
  requests(): number
}

async function keySet(members: readonly { kid: string; publicKey: Pair['publicKey'] }[]): Promise<KeySet> {
  const keys = await Promise.all(members.map(async ({ kid, publicKey }) => ({ kid, ...(await exportJWK(publicKey)) })))
  let requests = 0
  const server = await serve(
    () => {
      requests++
      return Response.json({ keys })
    },
    { hostname: '127.0.0.1', port: 0 },
  )
  return { server, url: `http://127.0.0.1:${server.port}/keys`, requests: () => requests }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function now(): number {
  return Math.floor(Date.now() / 1000)
}
