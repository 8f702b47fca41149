import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type BareIngest, bareIngest } from '../../../test/fake-stream.ts'
import { parseWebhookRoutes } from './webhook-route.ts'

const secrets: Readonly<Record<string, string>> = { OLD: 'old-key', NEW: 'new-key' }
const routes = parseWebhookRoutes(
  `
routes:
  - { path: /github, subject: hooks, signature: { style: github, keys: [OLD, NEW] } }
  - { path: /stripe, subject: hooks, signature: { style: stripe, keys: [NEW] } }
  - { path: /weir, subject: hooks, signature: { style: weir, keys: [NEW] } }
  - { path: /slack, subject: hooks, signature: { style: slack, keys: [NEW], toleranceSeconds: 60 } }
  - { path: /shop, subject: hooks, signature: { style: hmac, keys: [NEW], header: x-shop-hmac, encoding: base64 } }
`,
  (name) => secrets[name],
)
const seconds = 1_790_000_000
// A space and a number that parsing and printing would change: what is signed is the body as it
// came.
const body = '{"id": 12345678901234567890 }'

function mac(text: string, key = 'new-key', encoding: 'hex' | 'base64' = 'hex'): string {
  return createHmac('sha256', key).update(text).digest(encoding)
}

function start(): Promise<BareIngest> {
  return bareIngest({ routes, now: () => seconds * 1000 })
}

async function statusOf(
  { post }: BareIngest,
  path: string,
  headers: Record<string, string>,
  sent = body,
): Promise<number> {
  return (await post(path, sent, { 'content-type': 'application/json', ...headers })).status
}

// The example of GitHub's documentation, "Validating webhook deliveries".
test('the signature of GitHub’s own example is good', async () => {
  const [route] = parseWebhookRoutes(
    'routes: [{ path: /hook, subject: hooks, signature: { style: github, keys: [KEY] } }]',
    () => "It's a Secret to Everybody",
  )
  assert.ok(route !== undefined)
  const { post } = await bareIngest({ routes: [route] })
  const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-hub-signature-256': signature }
  assert.equal((await post('/hook', 'Hello, World!', headers)).status, 200)
  assert.equal((await post('/hook', 'Hello, World?', headers)).status, 401)
})

test('each style takes what is signed by any of its keys, also of a packed body, and stores the body as it came', async () => {
  const ingest = await start()
  const { post, stream } = ingest
  for (const key of ['old-key', 'new-key']) {
    assert.equal(await statusOf(ingest, '/github', { 'x-hub-signature-256': `sha256=${mac(body, key)}` }), 200)
  }
  const stripe = `t=${seconds},v1=${'0'.repeat(64)},v1=${mac(`${seconds}.${body}`)},v0=x`
  assert.equal(await statusOf(ingest, '/stripe', { 'stripe-signature': stripe }), 200)
  const weir = `t=${seconds},v1=${mac(`${seconds}.${body}`)}`
  assert.equal(await statusOf(ingest, '/weir', { 'weir-signature': weir }), 200)
  assert.equal(await statusOf(ingest, '/weir', { 'weir-signature': weir }), 401)
  const slack = {
    'x-slack-request-timestamp': String(seconds - 59),
    'x-slack-signature': `v0=${mac(`v0:${seconds - 59}:${body}`)}`,
  }
  assert.equal(await statusOf(ingest, '/slack', slack), 200)
  assert.equal(await statusOf(ingest, '/shop', { 'x-shop-hmac': mac(body, 'new-key', 'base64') }), 200)
  const packed = await post('/shop', new Uint8Array(gzipSync(body)), {
    'content-type': 'application/json',
    'content-encoding': 'gzip',
    'x-shop-hmac': mac(body, 'new-key', 'base64'),
  })
  assert.equal(packed.status, 200)
  assert.equal(stream.messages.length, 7)
  assert.ok(new TextDecoder().decode(stream.messages[0]?.payload).endsWith(body))
})

test('what is not signed, or wrongly, is 401 and stored nowhere', async () => {
  const ingest = await start()
  const good = mac(body)
  for (const [path, headers, sent] of [
    ['/github', {}, body],
    ['/github', { 'x-hub-signature-256': good }, body],
    ['/github', { 'x-hub-signature-256': `sha256=${mac(body, 'other')}` }, body],
    ['/github', { 'x-hub-signature-256': `sha256=${good}` }, `${body} `],
    ['/github', { 'x-hub-signature-256': `sha256=${good.slice(2)}` }, body],
    ['/github', { 'x-hub-signature-256': `sha256=${good}00` }, body],
    ['/github', { 'x-hub-signature-256': 'sha256=' }, body],
    ['/github', { 'x-hub-signature-256': 'sha256=zz' }, body],
    ['/stripe', { 'stripe-signature': '' }, body],
    ['/stripe', { 'stripe-signature': `v1=${mac(`.${body}`)}` }, body],
    ['/stripe', { 'stripe-signature': `t=soon,v1=${mac(`soon.${body}`)}` }, body],
    ['/stripe', { 'stripe-signature': `t=${seconds},v1=${good}` }, body],
    ['/shop', { 'x-shop-hmac': good }, body],
  ] as const) {
    assert.equal(await statusOf(ingest, path, headers, sent), 401, `${path} ${JSON.stringify(headers)}`)
  }
  assert.equal(ingest.stream.messages.length, 0)
})

test('a signature with a time is good within its tolerance, and once', async () => {
  const ingest = await start()
  const stripe = (at: number): Record<string, string> => ({ 'stripe-signature': `t=${at},v1=${mac(`${at}.${body}`)}` })
  assert.equal(await statusOf(ingest, '/stripe', stripe(seconds - 301)), 401)
  assert.equal(await statusOf(ingest, '/stripe', stripe(seconds + 301)), 401)
  assert.equal(await statusOf(ingest, '/stripe', stripe(seconds - 299)), 200)
  assert.equal(await statusOf(ingest, '/stripe', stripe(seconds - 299)), 401)
  const zeros = { 'stripe-signature': `t=${seconds - 299},v1=${'0'.repeat(64)},v1=${mac(`${seconds - 299}.${body}`)}` }
  assert.equal(await statusOf(ingest, '/stripe', zeros), 401)
  assert.equal(await statusOf(ingest, '/stripe', stripe(seconds - 298)), 200)
})

test('a route whose key is nowhere, or whose style is none, is refused at the start', () => {
  for (const [signature, reason] of [
    ['{ style: github, keys: [NOWHERE] }', /NOWHERE is no environment variable with a key/],
    ['{ style: github, keys: [] }', /needs the name of an environment variable/],
    ['{ style: gitlab, keys: [OLD] }', /style/],
    ['{ style: hmac, keys: [OLD], header: "a b" }', /no name of a header/],
    ['{ style: slack, keys: [OLD], toleranceSeconds: 0 }', /tolerance/],
  ] as const) {
    const text = `routes: [{ path: /a, subject: a, signature: ${signature} }]`
    assert.throws(() => parseWebhookRoutes(text, (name) => secrets[name]), { code: 'invalid', message: reason })
  }
})
