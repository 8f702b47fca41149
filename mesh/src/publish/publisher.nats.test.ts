import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { WeirError, limits as wire } from '@weir/proto'
import { connectNats, type NatsConnection } from '../connection/connection.ts'
import { createLogger } from '../run/log.ts'
import { Metrics } from '../run/metrics.ts'
import { provisionTenant } from '../streams/provision.ts'
import { defaultTenantSpec } from '../streams/streams.ts'
import { startNats, type TestNats } from '../testing/test-server.ts'
import { Publisher } from './publisher.ts'

const log = createLogger('test', 'silent')
const payload = new TextEncoder().encode('payload')
let server: TestNats
let nc: NatsConnection
let manager: JetStreamManager

before(async () => {
  server = await startNats()
  nc = await connectNats({ url: server.url, name: 'test', log })
  manager = await jetstreamManager(nc)
  await provisionTenant(nc, 'main', defaultTenantSpec)
})

after(async () => {
  await nc.close()
  await server.stop()
})

test('an event is stored, and the same id again is a duplicate', async () => {
  const publisher = new Publisher(nc)
  const first = await publisher.publish('main', 'once.a', 'once-1', payload)
  const second = await publisher.publish('main', 'once.a', 'once-1', payload)
  assert.equal(first.duplicate, false)
  assert.deepEqual(second, { seq: first.seq, duplicate: true })
  const stored = await manager.direct.getMessage('EV_main', { seq: first.seq })
  assert.equal(stored?.subject, 'ev.main.once.a')
  assert.equal(stored?.string(), 'payload')
  assert.equal(stored?.header.get('Nats-Msg-Id'), 'once-1')
  await publisher.drain()
})

test('first sends keep their order', async () => {
  const publisher = new Publisher(nc)
  const sent = Array.from({ length: 2_000 }, (_, at) =>
    publisher.publish('main', `order.${at % 3}`, `order-${at}`, payload),
  )
  const sequences = (await Promise.all(sent)).map((stored) => stored.seq)
  assert.deepEqual(
    sequences,
    sequences.toSorted((a, b) => a - b),
  )
  await publisher.drain()
})

test('many at once have an outcome each, in their order', async () => {
  const publisher = new Publisher(nc)
  const outcomes = await publisher.publishAll([
    { subject: 'ev.main.all.a', id: 'all-1', payload },
    { subject: 'ev.main.all.a', id: '', payload },
    { subject: 'ev.main.all.b', id: 'all-1', payload },
    { subject: 'ev.main.all.c', id: 'all-2', payload: new Uint8Array(wire.eventBytesMax + 1) },
  ])
  const codes = outcomes.map((outcome) => (outcome instanceof WeirError ? outcome.code : outcome.duplicate))
  assert.deepEqual(codes, [false, 'invalid', true, 'too_large'])
  assert.deepEqual(await publisher.publishAll([]), [])
  await publisher.drain()
})

test('a stream that is full and keeps what it has is quota_exceeded', async () => {
  await manager.streams.add({ name: 'FULL', subjects: ['full.>'], max_msgs: 2, discard: 'new' })
  const publisher = new Publisher(nc)
  await publisher.publishTo('full.a', 'full-1', payload)
  await publisher.publishTo('full.a', 'full-2', payload)
  await rejectsWith('quota_exceeded', publisher.publishTo('full.a', 'full-3', payload))
  await publisher.drain()
})

test('what the stream does not take for its size is too_large', async () => {
  await manager.streams.add({ name: 'SMALL', subjects: ['small.>'], max_msg_size: 100 })
  const publisher = new Publisher(nc)
  await rejectsWith('too_large', publisher.publishTo('small.a', 'small-1', new Uint8Array(200)))
  await rejectsWith('too_large', publisher.publishTo('small.a', 'small-2', new Uint8Array(wire.eventBytesMax + 1)))
  await publisher.drain()
})

test('the largest event of the protocol is stored', async () => {
  const publisher = new Publisher(nc)
  const stored = await publisher.publish('main', 'large', 'x'.repeat(128), new Uint8Array(wire.eventBytesMax))
  assert.equal(stored.duplicate, false)
  await publisher.drain()
})

test('a subject that no stream takes is unavailable at the deadline', async () => {
  const publisher = new Publisher(nc, { deadlineMs: 400 })
  await rejectsWith('unavailable', publisher.publishTo('nowhere.a', 'nowhere-1', payload))
  await publisher.drain()
})

test('a stream that has a leader within the deadline gets the event', async () => {
  const publisher = new Publisher(nc)
  const waiting = publisher.publishTo('late.a', 'late-1', payload)
  await sleep(150)
  await manager.streams.add({ name: 'LATE', subjects: ['late.>'] })
  assert.deepEqual(await waiting, { seq: 1, duplicate: false })
  await publisher.drain()
})

test('an event whose acknowledgement is lost is sent again, and stored once', async () => {
  // Somebody else's subscription swallows the first send: no answer, not even "nobody".
  const silent = nc.subscribe('lost.>', { callback() {} })
  const publisher = new Publisher(nc)
  const waiting = publisher.publishTo('lost.a', 'lost-1', payload)
  await nc.flush()
  await manager.streams.add({ name: 'LOST', subjects: ['lost.>'] })
  assert.deepEqual(await waiting, { seq: 1, duplicate: false })
  silent.unsubscribe()
  await publisher.drain()
})

test('more unanswered messages or bytes than may be are refused at once', async () => {
  const silent = nc.subscribe('silent.>', { callback() {} })
  const publisher = new Publisher(nc, { inFlightMax: 2, inFlightBytesMax: 1_000, deadlineMs: 300 })
  const first = assert.rejects(publisher.publishTo('silent.a', 's-1', new Uint8Array(600)), { code: 'unavailable' })
  await rejectsWith('overloaded', publisher.publishTo('silent.a', 's-2', new Uint8Array(600)))
  const second = assert.rejects(publisher.publishTo('silent.a', 's-3', new Uint8Array(400)), { code: 'unavailable' })
  await rejectsWith('overloaded', publisher.publishTo('silent.a', 's-4', new Uint8Array(0)))
  assert.equal(publisher.inFlight, 2)
  await Promise.all([first, second])
  assert.equal(publisher.inFlight, 0)
  await publisher.publish('main', 'after', 'after-overload', new Uint8Array(1_000))
  silent.unsubscribe()
  await publisher.drain()
})

test('a publisher that drains refuses what is new and finishes what it has', async () => {
  const publisher = new Publisher(nc)
  const last = publisher.publish('main', 'drain', 'drain-1', payload)
  const drained = publisher.drain()
  await rejectsWith('draining', publisher.publish('main', 'drain', 'drain-2', payload))
  await drained
  assert.equal((await last).duplicate, false)
})

test('its metrics say what is in flight and what was sent', async () => {
  const metrics = new Metrics('test')
  const publisher = new Publisher(nc, { metrics })
  await publisher.publish('main', 'metrics', 'metrics-1', payload)
  const text = await metrics.text()
  assert.match(text, /^weir_test_publishes_total 1$/m)
  assert.match(text, /^weir_test_publish_in_flight 0$/m)
  await publisher.drain()
})

test('a connection that is closed fails what waits', async () => {
  const other = await connectNats({ url: server.url, name: 'test', log })
  const silent = nc.subscribe('closing.>', { callback() {} })
  await nc.flush()
  const publisher = new Publisher(other)
  const waiting = assert.rejects(publisher.publishTo('closing.a', 'closing-1', payload), { code: 'unavailable' })
  await other.flush()
  await other.close()
  await waiting
  await rejectsWith('unavailable', publisher.publishTo('closing.a', 'closing-2', payload))
  await publisher.drain()
  silent.unsubscribe()
})

test('what is published while the server is away is stored in order when it is back', async () => {
  const publisher = new Publisher(nc)
  await server.kill()
  const waiting = Array.from({ length: 100 }, (_, at) => publisher.publish('main', 'away', `away-${at}`, payload))
  await sleep(200)
  const later = Array.from({ length: 100 }, (_, at) => publisher.publish('main', 'away', `away-later-${at}`, payload))
  await server.restart()
  const sequences = (await Promise.all([...waiting, ...later])).map((stored) => stored.seq)
  assert.deepEqual(
    sequences,
    sequences.toSorted((a, b) => a - b),
  )
  assert.equal(new Set(sequences).size, 200)
  await publisher.drain()
})

test('after kill -9 in the middle, everything that was acknowledged is in the stream exactly once', async () => {
  const publisher = new Publisher(nc)
  const acknowledged = new Map<string, number>()
  let stop = false
  const producer = async (name: string): Promise<void> => {
    for (let at = 0; !stop; at++) {
      const id = `crash-${name}-${at}`
      try {
        acknowledged.set(id, (await publisher.publish('main', `crash.${name}`, id, payload)).seq)
      } catch (error) {
        assert.equal(error instanceof WeirError && error.code, 'unavailable')
      }
    }
  }
  const producers = Array.from({ length: 50 }, (_, at) => producer(String(at)))
  for (let round = 0; round < 2; round++) {
    await sleep(150)
    const before = acknowledged.size
    await server.kill()
    await sleep(50)
    await server.restart()
    while (acknowledged.size < before + 200) await sleep(10)
  }
  stop = true
  await Promise.all(producers)
  await publisher.drain()

  const stored = await storedIds('ev.main.crash.>')
  assert.ok(acknowledged.size > 400)
  for (const [id, seq] of acknowledged) assert.deepEqual(stored.get(id), [seq], id)
})

/** Every sequence under which each id is stored. */
async function storedIds(subject: string): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>()
  const consumer = await jetstream(nc).consumers.get('EV_main', { filter_subjects: subject })
  const { num_pending: count } = await consumer.info()
  let seen = 0
  for await (const message of await consumer.consume()) {
    const id = message.headers?.get('Nats-Msg-Id') ?? ''
    found.set(id, [...(found.get(id) ?? []), message.seq])
    if (++seen === count) break
  }
  return found
}

async function rejectsWith(code: string, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof WeirError && error.code === code)
}
