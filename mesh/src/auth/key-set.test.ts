import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import type { HttpServer } from '../http/http-server.ts'
import { serve } from '../http/serve.ts'
import { Verifier } from './verifier.ts'

type Pair = Awaited<ReturnType<typeof generateKeyPair>>

let server: HttpServer
let old: Pair
let fresh: Pair
let requests = 0
let answer: () => Response | Promise<Response>

before(async () => {
  server = await serve(
    () => {
      requests++
      return answer()
    },
    { hostname: '127.0.0.1', port: 0 },
  )
  old = await generateKeyPair('ES256', { extractable: true })
  fresh = await generateKeyPair('ES256', { extractable: true })
})

beforeEach(() => {
  requests = 0
})

after(() => server.close(100))

test('a key that was rotated in is found at once, without a wait', async () => {
  const verifier = await verifierThatKnows(['old', old])
  answer = () => keySet(['old', old], ['new', fresh])
  await sleep(1_000)
  assert.equal((await verifier.verify(await token('new', fresh))).subject, 'u1')
  assert.equal(requests, 2)
})

test('an unknown key is asked for once a second at most, and is a refusal that may pass until then', async () => {
  const verifier = await verifierThatKnows(['old', old])
  for (let count = 0; count < 50; count++) {
    await assert.rejects(verifier.verify(await token(`made-up-${count}`, fresh)), { code: 'unavailable' })
  }
  assert.equal(requests, 1)
  await sleep(1_000)
  await assert.rejects(verifier.verify(await token('made-up', fresh)), { code: 'unauthenticated' })
  assert.equal(requests, 2)
  assert.equal((await verifier.verify(await token('old', old))).subject, 'u1')
})

test('known keys stay while the key set is away, broken, endless or silent', async () => {
  const verifier = await verifierThatKnows(['old', old])
  let sent = 0
  const endless = new Response(
    new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536
        controller.enqueue(new Uint8Array(65_536))
      },
    }),
  )
  for (const broken of [
    new Response('', { status: 500 }),
    new Response('<html>'),
    Response.json({ keys: 1 }),
    endless,
  ]) {
    answer = () => broken
    await sleep(1_000)
    await assert.rejects(verifier.verify(await token('new', fresh)), { code: 'unavailable' })
    assert.equal((await verifier.verify(await token('old', old))).subject, 'u1')
    assert.notEqual(verifier.keys?.state.failure, undefined)
  }
  assert.ok(sent < 16 * 1024 ** 2, `${sent} bytes were taken of an endless body`)
  answer = () => keySet(['old', old], ['new', fresh])
  await sleep(1_000)
  assert.equal((await verifier.verify(await token('new', fresh))).subject, 'u1')
  assert.equal(verifier.keys?.state.failure, undefined)
})

test('a key that is withdrawn ends what was verified by it, also under the same kid', async () => {
  for (const replaced of [['new', fresh] as const, ['old', fresh] as const]) {
    const verifier = await verifierThatKnows(['old', old])
    const presented = await token('old', old)
    const identity = await verifier.verify(presented)
    verifier.check(identity)
    answer = () => keySet(replaced)
    await sleep(1_000)
    await verifier.keys?.read()
    assert.throws(() => verifier.check(identity), { code: 'revoked' })
    await assert.rejects(verifier.verify(presented), { name: 'WeirError' })
  }
})

async function verifierThatKnows(...keys: readonly (readonly [string, Pair])[]): Promise<Verifier> {
  answer = () => keySet(...keys)
  const verifier = new Verifier({
    jwksUrl: `http://127.0.0.1:${server.port}/`,
    jwtIssuer: 'weir',
    jwtAudience: 'weir',
  })
  const [kid, pair] = keys[0] ?? assert.fail()
  requests = 0
  await verifier.verify(await token(kid, pair))
  return verifier
}

async function keySet(...keys: readonly (readonly [string, Pair])[]): Promise<Response> {
  const members: JWK[] = await Promise.all(
    keys.map(async ([kid, pair]) => ({ kid, ...(await exportJWK(pair.publicKey)) })),
  )
  return Response.json({ keys: members })
}

function token(kid: string, { privateKey }: Pair): Promise<string> {
  return new SignJWT({ weir: { subscribe: ['rooms.>'] } })
    .setProtectedHeader({ alg: 'ES256', kid })
    .setIssuer('weir')
    .setAudience('weir')
    .setSubject('u1')
    .setExpirationTime('1h')
    .sign(privateKey)
}
