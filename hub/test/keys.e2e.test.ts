import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HealthReport } from '@weir/mesh'
import { closeCode } from '@weir/proto'
import { type TestHub, TestMesh } from './harness.ts'
import { TestClient } from './test-client.ts'

/**
 * How long a hub takes at most to notice what became of the key set: the refresh, a read and a
 * sweep.
 */
const noticedSeconds = 35

let mesh: TestMesh
let keys: KeyServer
let hub: TestHub

before(async () => {
  mesh = await TestMesh.start()
})

beforeEach(async () => {
  keys = await KeyServer.start()
  keys.add('old')
  keys.add('kept')
  hub = await mesh.startHub({ WEIR_JWT_SECRET: '', WEIR_JWKS_URL: keys.url })
  await untilReady(true)
})

afterEach(async () => {
  await hub.stop()
  keys.stop()
})

after(() => mesh.stop())

test(`a key that is withdrawn ends the sessions of its tokens within ${noticedSeconds} s, and no others`, async () => {
  const gone = await TestClient.open(hub.url, { token: keys.token('old') })
  const stays = await TestClient.open(hub.url, { token: keys.token('kept') })
  stays.subscribe({ filters: ['kept'] })
  await stays.next('subscribed')
  keys.withdraw('old')
  const withdrawnAt = performance.now()
  const { code } = await gone.closed
  const seconds = (performance.now() - withdrawnAt) / 1000
  assert.equal(code, closeCode('revoked'))
  assert.ok(seconds < noticedSeconds, `it took ${seconds} s`)
  await mesh.publish('kept', '1')
  await stays.until(() => stays.entries.length === 1)
  // Until the set may be asked for once more the key could yet be a new one.
  await sleep(1_000)
  assert.equal(await codeOf(keys.token('old')), closeCode('unauthenticated'))
  stays.close()
})

test('while the set is away, known keys stay in use, and readiness and metrics say so', async () => {
  assert.equal(await hub.metric('jwks_failures_total'), 0)
  assert.ok((await hub.metric('jwks_age_seconds')) < 30)
  const stays = await TestClient.open(hub.url, { token: keys.token('kept') })
  keys.away = true
  keys.add('unheard')
  // Not refused for good, as its key may be known soon; and it makes the hub read the set.
  await hub.untilMetric('jwks_age_seconds', (age) => age > 1)
  assert.equal(await codeOf(keys.token('unheard')), closeCode('unavailable'))
  const failures = await hub.metric('jwks_failures_total')
  assert.ok(failures >= 1, `${failures} failures`)
  const { ready, parts } = await untilReady(true, /known keys stay in use/)
  assert.deepEqual([ready, parts.keys?.ok], [true, true])
  assert.match(parts.keys?.detail ?? '', /WEIR_JWKS_URL cannot be read \(the answer is 503\)/)
  const again = await TestClient.open(hub.url, { token: keys.token('old') })
  again.close()
  stays.subscribe({ filters: ['away'] })
  await stays.next('subscribed')
  const age = await hub.metric('jwks_age_seconds')
  await hub.untilMetric('jwks_age_seconds', (later) => later > age)
  keys.away = false
  // A set is asked for at most once a second.
  await sleep(1_000)
  const late = await TestClient.open(hub.url, { token: keys.token('unheard') })
  assert.ok((await hub.metric('jwks_age_seconds')) < age)
  late.close()
  stays.close()
})

/** What the readiness report says, as soon as it says so of the keys. */
async function untilReady(ready: boolean, detail = /^$/): Promise<HealthReport> {
  const deadline = performance.now() + noticedSeconds * 1000
  for (;;) {
    const report = (await (await fetch(`${hub.adminUrl}/readyz`)).json()) as HealthReport
    if (report.ready === ready && detail.test(report.parts.keys?.detail ?? '')) return report
    assert.ok(performance.now() < deadline, JSON.stringify(report))
    await sleep(100)
  }
}

/** With what a client is closed that comes with this token. */
async function codeOf(token: string): Promise<number> {
  const client = new TestClient(hub.url)
  await client.connected()
  client.greet(token, {})
  return (await client.closed).code
}

/** A key set that is served over HTTP, as an identity provider does. */
class KeyServer {
  /** Whether it answers 503. */
  away = false
  readonly #server: Server
  readonly #pairs = new Map<string, { readonly publicKey: KeyObject; readonly privateKey: KeyObject }>()
  readonly #served = new Set<string>()

  private constructor() {
    this.#server = createServer((_, response) => {
      if (this.away) response.writeHead(503).end()
      else response.end(JSON.stringify({ keys: [...this.#served].map((id) => this.#publicKey(id)) }))
    })
  }

  static async start(): Promise<KeyServer> {
    const keys = new KeyServer()
    keys.#server.listen(0, '127.0.0.1')
    await once(keys.#server, 'listening')
    return keys
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys`
  }

  add(id: string): void {
    this.#pairs.set(id, generateKeyPairSync('ec', { namedCurve: 'P-256' }))
    this.#served.add(id)
  }

  withdraw(id: string): void {
    this.#served.delete(id)
  }

  token(id: string): string {
    const claims = {
      iss: 'weir',
      aud: 'weir',
      sub: 'tester',
      exp: Math.floor(Date.now() / 1000) + 600,
      weir: { tenant: 'main', subscribe: ['>'] },
    }
    const signed = [{ alg: 'ES256', kid: id }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    const key = this.#pairOf(id).privateKey
    const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
    return `${signed}.${signature.toString('base64url')}`
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #publicKey(id: string): object {
    return { ...this.#pairOf(id).publicKey.export({ format: 'jwk' }), kid: id, alg: 'ES256' }
  }

  #pairOf(id: string): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
    const pair = this.#pairs.get(id)
    assert.ok(pair !== undefined)
    return pair
  }
}
