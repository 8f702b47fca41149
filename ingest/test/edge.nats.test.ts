import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  connectNats,
  createLogger,
  defaultTenantSpec,
  eventStream,
  jetstreamManager,
  provisionTenant,
} from '@weir/mesh'
import { startNats } from '@weir/mesh/testing'
import { createEdgeIngest } from '../src/edge.ts'
import { tokenFor } from './fake-stream.ts'
import { secret } from './secret.ts'

const tokens = { jwtSecret: secret, jwtIssuer: 'weir', jwtAudience: 'weir' }

test('the same handler stores events over NATS by WebSocket', async () => {
  const nats = await startNats({ config: 'websocket { listen: "127.0.0.1:-1", no_tls: true }' })
  const nc = await connectNats({ url: nats.url, name: 'test', log: createLogger('test', 'fatal') })
  const edge = createEdgeIngest({ natsUrl: `ws://127.0.0.1:${nats.websocketPort}`, ...tokens })
  try {
    await provisionTenant(nc, 'main', defaultTenantSpec)
    const authorization = `Bearer ${await tokenFor(['>'])}`
    const packed = new Blob(['{"subject":"edge.one"}\n{"subject":"edge.two"}'])
      .stream()
      .pipeThrough(new CompressionStream('gzip'))
    const answer = await edge.fetch(
      new Request('http://edge/v1/events', {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
        body: packed as ReadableStream<Uint8Array<ArrayBuffer>>,
        duplex: 'half',
      }),
    )
    assert.deepEqual(await answer.json(), { accepted: 2, duplicates: 0 })
    const { state } = await (await jetstreamManager(nc)).streams.info(eventStream('main'))
    assert.equal(state.messages, 2)
  } finally {
    await edge.close()
    await nc.close()
    await nats.stop()
  }
})

test('while NATS cannot be reached the answer is 503, and the next request tries again', async () => {
  const edge = createEdgeIngest({ natsUrl: 'ws://127.0.0.1:1', ...tokens })
  for (let attempt = 0; attempt < 2; attempt++) {
    const answer = await edge.fetch(new Request('http://edge/v1/events', { method: 'POST' }))
    assert.equal(answer.status, 503)
    assert.ok(answer.headers.has('retry-after'))
  }
})

test('what no request could be served with is refused at the start', () => {
  const natsUrl = 'ws://127.0.0.1:1'
  assert.throws(() => createEdgeIngest({ natsUrl, ...tokens, jwtSecret: undefined }), /WEIR_JWT_SECRET/)
  assert.throws(() => createEdgeIngest({ natsUrl, ...tokens, jwtSecret: 'short' }), /give at least 32/)
  for (const wrong of ['nats://127.0.0.1:4222', 'nats.example.org', '']) {
    assert.throws(() => createEdgeIngest({ natsUrl: wrong, ...tokens }), /wss:\/\//, wrong)
  }
})

test('no code that the edge entry reaches needs a runtime: of Node only node:crypto', () => {
  const needed = new Set<string>()
  const seen = new Set<string>()
  const visit = (url: string): void => {
    if (seen.has(url)) return
    seen.add(url)
    const text = readFileSync(new URL(url), 'utf8')
    for (const [statement, specifier = ''] of text.matchAll(/^(?:import|export) [^;'"]*?from '([^']+)'/gm)) {
      if (/^(?:import|export) type /.test(statement)) continue
      if (specifier.startsWith('node:')) needed.add(specifier)
      else if (specifier.startsWith('.') || specifier.startsWith('@weir/')) {
        visit(specifier.startsWith('.') ? new URL(specifier, url).href : packageUrl(specifier))
      }
    }
    assert.doesNotMatch(text.replaceAll(/^\s*(\*|\/\/|\/\*).*$/gm, ''), /\b(process|Bun|Deno|Buffer)\./, url)
  }
  visit(new URL('../src/edge.ts', import.meta.url).href)
  assert.ok(seen.size > 30)
  assert.deepEqual([...needed], ['node:crypto'])
})

function packageUrl(specifier: string): string {
  const [, name = '', entry] = /^@weir\/(\w+)(\/\w+)?$/.exec(specifier) ?? []
  return new URL(`../../${name}/src/${entry === undefined ? 'index' : entry.slice(1)}.ts`, import.meta.url).href
}
