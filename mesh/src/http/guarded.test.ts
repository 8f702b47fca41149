import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { Health } from '../run/health.ts'
import { Metrics } from '../run/metrics.ts'
import { type AdminServer, serveAdmin } from './admin-server.ts'
import { secureHeaders } from './secure-headers.ts'

let server: AdminServer
const faults: unknown[] = []

before(async () => {
  server = await serveAdmin({
    hostname: '127.0.0.1',
    port: 0,
    health: new Health(),
    metrics: new Metrics('guarded_test'),
    onError(thrown) {
      faults.push(thrown)
      return new Response('', { status: 500 })
    },
  })
  server.add('/throws', (request) => {
    const { pathname } = new URL(request.url)
    if (pathname === '/throws') throw new Error('thrown')
    if (pathname === '/kept') return new Response('', { headers: { 'cache-control': 'max-age=60' } })
    return undefined
  })
})

after(() => server.close(100))

for (const [what, request, status] of [
  ['health of HTTP/1.0 without a host', 'GET /healthz HTTP/1.0\r\n\r\n', 200],
  ['readiness of HTTP/1.0 without a host', 'GET /readyz HTTP/1.0\r\n\r\n', 200],
  ['health of HTTP/1.0 with a host', 'GET /healthz HTTP/1.0\r\nHost: a\r\n\r\n', 200],
  ['anything else of HTTP/1.0 without a host', 'GET /metrics HTTP/1.0\r\n\r\n', 400],
  ['HTTP/1.1 without a host', 'GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
  ['an empty host', 'GET /metrics HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n', 400],
  ['a host that is none', 'GET /metrics HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n', 400],
  ['half an address', 'GET /metrics HTTP/1.1\r\nHost: [::\r\nConnection: close\r\n\r\n', 400],
  ['a port that is none', 'GET /metrics HTTP/1.1\r\nHost: a:99999\r\nConnection: close\r\n\r\n', 400],
  ['two hosts', 'GET /metrics HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n', 400],
  ['no path', 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 'Deno' in globalThis ? 404 : 400],
  ['an address', 'GET /healthz HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n', 200],
] as readonly (readonly [string, string, number])[]) {
  test(`${what}: ${status}, and no fault of ours`, async () => {
    faults.length = 0
    const socket = connect(server.port, '127.0.0.1')
    socket.write(request)
    const answer = await text(socket)
    assert.equal(Number(answer.split(' ')[1]), status, answer)
    assert.deepEqual(faults, [])
  })
}

test('every answer has the headers of every service, but for what it sets itself', async () => {
  for (const [path, status] of [
    ['/healthz', 200],
    ['/readyz', 200],
    ['/metrics', 200],
    ['/nowhere', 404],
    ['/throws', 500],
  ] as const) {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`)
    assert.equal(response.status, status)
    for (const [name, value] of Object.entries(secureHeaders)) assert.equal(response.headers.get(name), value, path)
  }
  const kept = await fetch(`http://127.0.0.1:${server.port}/kept`)
  assert.equal(kept.headers.get('cache-control'), 'max-age=60')
  assert.equal(kept.headers.get('x-content-type-options'), 'nosniff')
})
