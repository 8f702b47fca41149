import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectJson } from '../client/src/connect-json.ts'
import { type ConnectOptions, connect, live, producer, type Weir } from '../client/src/index.ts'
import { RunningMesh } from './running-mesh.ts'

// What the client promises of addresses, tokens, listings and data, on a whole mesh.

let mesh: RunningMesh
const opened: Weir[] = []

before(async () => {
  mesh = await RunningMesh.start()
})

after(async () => {
  for (const weir of opened) weir.close()
  await mesh?.dispose()
})

test('an address where no hub is, is given up with what answers there', async () => {
  const { hub, projector } = mesh.running.addresses
  for (const url of [`${hub}/nothing/here`, projector]) {
    await assert.rejects(drain(open({ url }).subscribe({ mode: 'ALL' })), {
      code: 'not_found',
      message: /no hub at this address: http:.* answered 40[14]/,
    })
  }
})

test('a refused token is replaced once', async () => {
  const given = ['eyJhbGciOiJIUzI1NiJ9.e30.AAAA', mesh.running.token]
  const weir = open({ getToken: () => given.shift() ?? '' })
  const subscription = weir.subscribe({ filter: 'tokens.>', mode: 'LATEST' })
  await send('tokens.a', '1')
  for await (const item of subscription) if (item.type === 'entry') break
  assert.equal(given.length, 0)
  const refused = open({ getToken: () => 'eyJhbGciOiJIUzI1NiJ9.e30.AAAA' })
  await assert.rejects(drain(refused.subscribe({ mode: 'ALL' })), { code: 'unauthenticated' })
})

test('data arrives as it was sent, by both codecs and from the read API', async () => {
  const data = '{"id":12345678901234567890,"at":1795805310123456789,"zero":-0,"far":1e400,"2":1,"1":2}'
  const texts: (string | undefined)[] = []
  const subscriptions = [open(), openJson()].map((weir) => weir.subscribe({ filter: 'exact.a', mode: 'LATEST' }))
  await send('exact.a', data)
  for (const subscription of subscriptions) {
    for await (const item of subscription) {
      if (item.type !== 'entry') continue
      texts.push(item.dataText)
      assert.deepEqual(item.data, JSON.parse(data))
      break
    }
  }
  const weir = open()
  const stored = await until(() => weir.get('latest', 'exact.a'))
  const past = await until(async () => (await weir.history({ filter: 'exact.a' })).items[0])
  assert.deepEqual([...texts, stored.dataText, past.dataText], [data, data, data, data])
})

test('get is undefined for a missing key alone', async () => {
  const weir = open()
  assert.equal(await weir.get('latest', 'nobody.wrote.this'), undefined)
  await assert.rejects(weir.get('nothing', 'nobody.wrote.this'), { code: 'not_found' })
  await assert.rejects(open({ readUrl: mesh.running.addresses.ingest }).get('latest', 'a'), { code: 'not_found' })
})

test('state and history are everything that matches, over pages', async () => {
  const weir = open()
  const events = producer({ url: mesh.running.addresses.ingest, getToken: () => mesh.running.token })
  for (let key = 0; key < 1100; key++) await events.send(`many.k${key}`, { data: { case: 'json', value: String(key) } })
  await events.close()
  const query = { filter: 'many.>' }
  await until(async () => ((await count(weir.state('latest', query))) === 1100 ? true : undefined))
  await until(async () => ((await count(weir.history(query))) === 1100 ? true : undefined))
  assert.equal(await count(weir.state('latest', { ...query, limit: 700 })), 700)
  const page = await weir.state('latest', { ...query, limit: 10 })
  assert.equal(page.items.length, 10)
  assert.ok(page.next !== undefined)
})

test('live is what was and what comes, each once', async () => {
  const weir = open()
  for (let value = 1; value <= 5; value++) await send('joined.a', String(value))
  await until(async () => ((await count(weir.history({ filter: 'joined.a' }))) === 5 ? true : undefined))
  const seen: unknown[] = []
  for await (const item of live(weir, { filter: 'joined.a', since: '1h' })) {
    if (item.type === 'now') void send('joined.a', '6')
    if (item.type === 'entry') seen.push(item.data)
    if (seen.length === 6) break
  }
  assert.deepEqual(seen, [1, 2, 3, 4, 5, 6])
})

function open(options: Partial<ConnectOptions> = {}): Weir {
  const weir = connect({ ...optionsOf(), ...options })
  opened.push(weir)
  return weir
}

function openJson(): Weir {
  const weir = connectJson(optionsOf())
  opened.push(weir)
  return weir
}

function optionsOf(): ConnectOptions {
  const { hub, projector } = mesh.running.addresses
  return { url: hub, readUrl: projector, getToken: () => mesh.running.token }
}

async function send(subject: string, data: string): Promise<void> {
  const response = await fetch(`${mesh.running.addresses.ingest}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${mesh.running.token}`, 'content-type': 'application/json' },
    body: `{"subject":"${subject}","data":${data}}`,
  })
  assert.equal(response.status, 200, await response.text())
}

async function drain(items: AsyncIterable<unknown>): Promise<never> {
  for await (const _ of items) await sleep(0)
  throw new Error('it has ended without an error')
}

async function count(items: AsyncIterable<unknown>): Promise<number> {
  let found = 0
  for await (const _ of items) found++
  return found
}

/** Asks again until there is something. */
async function until<Value>(ask: () => Promise<Value | undefined>): Promise<Value> {
  for (const end = Date.now() + 45_000; Date.now() < end; ) {
    const found = await ask()
    if (found !== undefined) return found
    await sleep(50)
  }
  throw new Error('it did not come')
}
