import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { closeCode, Mode } from '@weir/proto'
import { limits } from '../src/limits.ts'
import { ByteReader } from './byte-reader.ts'
import { type TestHub, TestMesh, testToken } from './harness.ts'
import { opcode, RawSocket } from './raw-socket.ts'
import { TcpProxy } from './tcp-proxy.ts'
import { TestClient } from './test-client.ts'
import { until } from './until.ts'

const mebibyte = 1_048_576
const windowBytes = 65_536
const highWaterBytes = 16_384
/** One batch, beside what a bound allows. */
const frameBytes = 70_000
const subjects = Array.from({ length: 10 }, (_, at) => `flow.s${at}`)
const filler = 'x'.repeat(2_000)

let mesh: TestMesh
let hub: TestHub
/** Acknowledges at once, in mode ALL: whatever others do, it gets everything, in order. */
let healthy: TestClient

before(async () => {
  mesh = await TestMesh.start()
  hub = await mesh.startHub({ WEIR_HUB_RING_BYTES: '4MiB' })
})

after(() => mesh.stop())

beforeEach(async () => {
  healthy = await TestClient.open(hub.url, { windowBytes: 8 * mebibyte })
  healthy.subscribe({ filters: ['flow.>'], mode: Mode.ALL })
  await healthy.next('subscribed')
})

afterEach(async () => {
  healthy.close()
  await hub.untilMetric('connections', (count) => count === 0)
})

interface Flood {
  /** The newest sequence of each subject. */
  readonly newest: ReadonlyMap<string, number>
}

/**
 * Publishes many times what a window holds; each round waits until the healthy client has it, so it
 * shows that nobody else is waited for. Then each session of a slow client is looked at: it is
 * connected, and costs no more than its bounds.
 */
async function flood(rounds = 20): Promise<Flood> {
  const newest = new Map<string, number>()
  const before = healthy.seqs.length
  const published: number[] = []
  for (let round = 0; round < rounds; round++) {
    const stored = subjects.flatMap((subject) =>
      Array.from({ length: 10 }, async () => {
        const seq = await mesh.publish(subject, JSON.stringify(filler))
        newest.set(subject, Math.max(seq, newest.get(subject) ?? 0))
        return seq
      }),
    )
    published.push(...(await Promise.all(stored)))
    await healthy.until(() => healthy.seqs.length === before + published.length)
  }
  assert.deepEqual(
    healthy.seqs.slice(before),
    published.sort((a, b) => a - b),
  )
  return { newest }
}

interface SessionReport {
  readonly client: string
  readonly windowBytes: number
  readonly unacknowledgedBytes: number
  readonly bufferedBytes: number
  readonly subscriptions: readonly { readonly lane: string; readonly lagEntries: number }[]
}

/** How the hub sees those that call themselves slow. */
async function slowSessions(): Promise<readonly SessionReport[]> {
  const authorization = `Bearer ${await testToken({ admin: true })}`
  const response = await fetch(`${hub.adminUrl}/v1/sessions`, { headers: { authorization } })
  const { sessions } = (await response.json()) as { sessions: SessionReport[] }
  return sessions.filter(({ client }) => client === 'slow')
}

async function assertBounded(count: number): Promise<void> {
  const sessions = await slowSessions()
  assert.equal(sessions.length, count, 'every slow client is still connected')
  for (const session of sessions) {
    const bound = session.windowBytes || limits.pingWindowBytes
    assert.ok(session.unacknowledgedBytes <= bound, JSON.stringify(session))
    assert.ok(session.bufferedBytes <= highWaterBytes + frameBytes, JSON.stringify(session))
  }
}

/** A slow client that reads its socket by itself. */
async function openRaw(window: number): Promise<RawSocket> {
  const raw = await RawSocket.open(hub.port)
  raw.send(
    opcode.text,
    JSON.stringify({ type: 'hello', token: await testToken(), client: 'slow', windowBytes: window }),
  )
  assert.equal((await raw.json()).type, 'welcome')
  const request = { type: 'subscribe', id: 1, source: 'events', filters: ['flow.>'], mode: 'LATEST' }
  raw.send(opcode.text, JSON.stringify(request))
  assert.equal((await raw.json()).type, 'subscribed')
  return raw
}

interface JsonBatch {
  readonly type: string
  readonly from: number
  readonly to: number
  readonly entries: readonly { readonly subject: string; readonly seq: number }[]
}

/**
 * Reads, acknowledges or answers pings, until it holds the newest of every subject; the bytes of
 * the batches that took.
 */
async function readUntilNewest(raw: RawSocket, { newest }: Flood, acknowledges: boolean): Promise<number> {
  const held = new Map<string, number>()
  let bytes = 0
  while ([...newest].some(([subject, seq]) => held.get(subject) !== seq)) {
    const frame = await raw.frame()
    assert.ok(frame, 'the connection lasts')
    if (frame.opcode === opcode.ping) raw.send(opcode.pong, frame.payload)
    if (frame.opcode !== opcode.text) continue
    const batch = JSON.parse(frame.payload.toString()) as JsonBatch
    if (batch.type !== 'batch') continue
    bytes += frame.payload.length
    for (const { subject, seq } of batch.entries) {
      assert.ok(seq > (held.get(subject) ?? 0), 'in order, never twice')
      held.set(subject, seq)
    }
    if (acknowledges) raw.send(opcode.text, JSON.stringify({ type: 'ack', bytes: frame.payload.length }))
  }
  return bytes
}

describe('a client that is slow delays nobody, costs its bound, and then gets the newest', () => {
  test('when it reads its socket but never acknowledges', async () => {
    const slow = await TestClient.open(hub.url, { windowBytes, acknowledges: false, name: 'slow' })
    slow.subscribe({ filters: ['flow.>'], mode: Mode.LATEST })
    const { newest } = await flood()
    await assertBounded(1)
    assert.ok(slow.batchBytes <= windowBytes, `${slow.batchBytes} bytes came on a window of ${windowBytes}`)
    const stale = slow.seqs.length
    slow.acknowledgeAll()
    await slow.until(() => slow.seqs.length >= stale + newest.size)
    assert.deepEqual(new Set(slow.seqs.slice(stale)), new Set(newest.values()), 'the newest, and nothing between')
    slow.close()
  })

  test('when its handlers are slow', async () => {
    const slow = await TestClient.open(hub.url, { windowBytes, acknowledges: false, name: 'slow' })
    slow.subscribe({ filters: ['flow.>'], mode: Mode.LATEST })
    let work = Promise.resolve()
    let owed = 0
    let most = 0
    // A handler takes longer than all that comes meanwhile.
    slow.onBatch = (bytes) => {
      owed += bytes
      most = Math.max(most, owed)
      work = work
        .then(() => new Promise<void>((resolve) => setTimeout(resolve, 100)))
        .then(() => {
          owed -= bytes
          slow.acknowledge(bytes)
        })
    }
    const { newest } = await flood()
    await assertBounded(1)
    assert.ok(most > windowBytes / 2 && most <= windowBytes, `${most} bytes came that were not acknowledged`)
    const stale = slow.seqs.length
    await slow.until(() => [...newest.values()].every((seq) => slow.seqs.includes(seq)))
    // What was under way, and one pass over the subjects.
    const entriesInWindow = Math.ceil(windowBytes / filler.length)
    assert.ok(slow.seqs.length - stale <= entriesInWindow + newest.size, `${slow.seqs.length - stale} entries`)
    await work
    slow.close()
  })

  test('when a proxy before it swallows everything and passes on little', async () => {
    const proxy = await TcpProxy.start(hub.port, { clientBytesPerSecond: 100_000 })
    const slow = await TestClient.open(`ws://127.0.0.1:${proxy.port}/v1/ws`, { windowBytes, name: 'slow' })
    slow.subscribe({ filters: ['flow.>'], mode: Mode.LATEST })
    let most = 0
    const watch = setInterval(() => {
      most = Math.max(most, proxy.held)
    }, 5)
    const { newest } = await flood()
    await assertBounded(1)
    clearInterval(watch)
    assert.ok(most > 0 && most <= windowBytes + frameBytes, `the proxy held ${most} bytes`)
    const stale = slow.batchBytes
    await slow.until(() => [...newest.values()].every((seq) => slow.seqs.includes(seq)))
    assert.ok(slow.batchBytes - stale <= 2 * windowBytes)
    slow.close()
    proxy.close()
  })

  test('when it never reads its socket', async () => {
    const raw = await openRaw(windowBytes)
    raw.socket.pause()
    const outcome = await flood()
    await assertBounded(1)
    raw.socket.resume()
    const bytes = await readUntilNewest(raw, outcome, true)
    assert.ok(bytes <= 2 * windowBytes, `${bytes} bytes until the newest`)
    raw.reset()
  })

  test('when it never reads its socket, and never acknowledges by design', async () => {
    const raw = await openRaw(0)
    raw.socket.pause()
    const outcome = await flood()
    await assertBounded(1)
    const [session] = await slowSessions()
    assert.equal(session?.subscriptions[0]?.lane, 'behind')
    assert.equal(session?.bufferedBytes, 0, 'the kernel has less of it than it would take')
    raw.socket.resume()
    const bytes = await readUntilNewest(raw, outcome, false)
    assert.ok(
      bytes <= limits.pingAfterBytes + limits.pingWindowBytes + 2 * frameBytes,
      `${bytes} bytes until the newest`,
    )
    raw.reset()
  })

  for (const window of [windowBytes, 0]) {
    test(`when it reads a byte at a time, with a window of ${window}`, async () => {
      const slow = await ByteReader.open(hub, window)
      await flood()
      await assertBounded(1)
      const [session] = await slowSessions()
      assert.equal(session?.subscriptions[0]?.lane, 'behind')
      await until(() => slow.bytes > 5, 'a few bytes read')
      slow.close()
    })
  }

  test('when there are many of every kind, without the hub growing', async () => {
    await flood(40)
    const before = await hub.metric('process_resident_memory_bytes')
    const silent = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const client = await TestClient.open(hub.url, { windowBytes, acknowledges: false, name: 'slow' })
        client.subscribe({ filters: ['flow.>'], mode: Mode.ALL })
        return client
      }),
    )
    const deaf = await Promise.all(Array.from({ length: 20 }, (_, at) => openRaw(at % 2 === 0 ? windowBytes : 0)))
    for (const raw of deaf) raw.socket.pause()
    await flood(60)
    await assertBounded(40)
    const bound = 40 * (highWaterBytes + frameBytes)
    assert.ok((await hub.metric('socket_bytes')) <= bound)
    const grown = (await hub.metric('process_resident_memory_bytes')) - before
    // A queue for each would have been 40 times 12 MB.
    assert.ok(grown <= bound + 32 * mebibyte, `the process grew by ${grown} bytes`)
    for (const client of silent) client.close()
    for (const raw of deaf) raw.reset()
  })
})

test('who never acknowledges, but reads and answers pings, gets every entry', async () => {
  for (const protocol of ['weir.v1', 'weir.v1.json'] as const) {
    const client = await TestClient.open(hub.url, { protocol, windowBytes: 0, acknowledges: false })
    client.subscribe({ filters: ['flow.>'], mode: Mode.ALL })
    await client.next('subscribed')
    const before = healthy.seqs.length
    await flood()
    const published = healthy.seqs.slice(before)
    await client.until(() => client.seqs.length >= published.length)
    assert.deepEqual(client.seqs, published)
    assert.ok(client.batchBytes > 2 * limits.pingWindowBytes)
    client.close()
  }
})

test('what is larger at once than a window still comes to who owes nothing', async () => {
  for (const protocol of ['weir.v1', 'weir.v1.json'] as const) {
    const client = await TestClient.open(hub.url, { protocol, windowBytes: 16_384 })
    client.subscribe({ filters: ['flow.>'], mode: Mode.ALL })
    client.subscribe({ id: 2, filters: ['flow.*'], mode: Mode.LATEST, intervalMs: 100 })
    await client.next('subscribed')
    const { channel } = await client.next('subscribed')
    for (let round = 1; round <= 5; round++) {
      const wave = [...subjects, ...subjects].map((subject) => mesh.publish(subject, JSON.stringify(filler)))
      const last = BigInt(Math.max(...(await Promise.all(wave))))
      await client.until(() => client.batches.some((batch) => batch.channel === channel && batch.to >= last))
      await client.until(() => client.batches.some((batch) => batch.channel !== channel && batch.to >= last))
    }
    client.close()
  }
})

test('a client without credit that takes nothing for too long is asked to reconnect', async () => {
  const strict = await mesh.startHub({ WEIR_HUB_STALL_SECONDS: '1' })
  const raw = await RawSocket.open(strict.port)
  raw.send(opcode.text, JSON.stringify({ type: 'hello', token: await testToken() }))
  raw.send(opcode.text, '{"type":"subscribe","id":1,"source":"events","filters":["flow.>"],"mode":"ALL"}')
  await strict.untilMetric('subscriptions', (count) => count === 1)
  raw.socket.pause()
  const slow = await ByteReader.open(strict, 0)
  for (let round = 0; round < 200 && (await strict.metric('connections')) > 0; round++) {
    await Promise.all(subjects.map((subject) => mesh.publish(subject, JSON.stringify(filler.repeat(20)))))
  }
  await strict.untilMetric('connections', (count) => count === 0)
  raw.socket.resume()
  assert.equal(await raw.closeCode(), closeCode('stalled'))
  assert.equal(await strict.metric(`closes_total{code="${closeCode('stalled')}"}`), 2)
  slow.close()
})
