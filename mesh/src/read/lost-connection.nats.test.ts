import assert from 'node:assert/strict'
import process from 'node:process'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WeirError } from '@weir/proto'
import { BucketWriter } from '../buckets/bucket-writer.ts'
import { OneTimeBucket } from '../buckets/one-time-bucket.ts'
import { connectNats, type NatsConnection } from '../connection/connection.ts'
import { flush } from '../connection/request.ts'
import { ConditionalPublisher } from '../publish/conditional-publisher.ts'
import { createLogger } from '../run/log.ts'
import { provisionMesh, provisionTenant } from '../streams/provision.ts'
import { streamState } from '../streams/stream-state.ts'
import { defaultTenantSpec } from '../streams/streams.ts'
import { startNats, type TestNats } from '../testing/test-server.ts'
import { deleteMessage, lastMessage, messageAt, sequenceAt } from './direct-get.ts'
import { LastValueReader } from './last-value-reader.ts'
import { firstSequence } from './leader-get.ts'
import { readRange } from './range.ts'
import { StreamReader } from './stream-reader.ts'

const stream = 'KV_main_latest'
/** Less than the shortest deadline, on a machine that is busy. */
const atOnceMs = 1_200
const log = createLogger('test', 'silent')
let server: TestNats
let nc: NatsConnection

before(async () => {
  server = await startNats()
  nc = await connectNats({ url: server.url, name: 'test', log })
  await provisionTenant(nc, 'main', defaultTenantSpec)
  await provisionMesh(nc, 1)
})

after(async () => {
  await nc.close()
  await server.stop()
})

const questions: Readonly<Record<string, (nc: NatsConnection) => Promise<unknown>>> = {
  'the state of a stream': () => streamState(nc, stream),
  'the newest message of a subject': () => lastMessage(nc, stream, '$KV.main_latest.k'),
  'a message': () => messageAt(nc, stream, 1),
  'a sequence by time': () => sequenceAt(nc, stream, 0),
  'a sequence by the leader': () => firstSequence(nc, stream, 1, '$KV.main_latest.>'),
  'a deletion': () => deleteMessage(nc, 'DLQ_main', 1),
  'a range': () => readRange(nc, stream, { seq: 1, filter: '>', messagesMax: 10, bytesMax: 1_000 }),
  'a table': () => new StreamReader({ nc, stream, start: 'latest' }).runToHead(() => undefined),
  'what a bucket holds': () =>
    new BucketWriter({ nc, tenant: 'main', bucket: 'latest', log, onRefused: () => {} }).load(),
  'a ticket': () => new OneTimeBucket(nc, 'tickets').take('t'),
  'a state by key': () => new LastValueReader(nc).get(stream, '$KV.main_latest.k'),
  async 'a conditional write'() {
    const message = { subject: '$KV.main_latest.k', payload: new Uint8Array(1) }
    const outcome = await new ConditionalPublisher(nc, { deadlineMs: 5_000 }).store(message)
    assert.equal(outcome.kind, 'unknown')
    throw new WeirError('unavailable', 'as it must')
  },
}

for (const [what, ask] of Object.entries(questions)) {
  test(`what is in flight when NATS dies ends at once: ${what}`, async () => {
    // The server takes the question, and dies before it answers.
    process.kill(server.pid, 'SIGSTOP')
    // A signal takes its time on a machine that is busy.
    await sleep(100)
    const outcome = ask(nc).catch((thrown: unknown) => thrown)
    await sleep(20)
    const died = performance.now()
    await server.kill()
    const error = await outcome
    const waited = performance.now() - died
    const asked = performance.now()
    const later = await ask(nc).catch((thrown: unknown) => thrown)
    const waitedLater = performance.now() - asked
    await server.restart()
    await untilAnswered()
    assert.ok(error instanceof WeirError && error.code === 'unavailable', String(error))
    assert.ok(waited < atOnceMs, `${Math.round(waited)} ms`)
    assert.ok(later instanceof WeirError && later.code === 'unavailable', String(later))
    assert.ok(
      waitedLater < atOnceMs,
      `what is asked without a connection is kept waiting ${Math.round(waitedLater)} ms`,
    )
  })
}

async function untilAnswered(): Promise<void> {
  for (;;) {
    try {
      await streamState(nc, stream)
      return
    } catch {
      await sleep(50)
    }
  }
}

test('who reads what is stored is told when NATS hangs', async () => {
  process.kill(server.pid, 'SIGSTOP')
  try {
    for (const what of ['a table', 'a range', 'the state of a stream']) {
      const asked = performance.now()
      await assert.rejects(questions[what]?.(nc) ?? assert.fail(), { code: 'unavailable' }, what)
      assert.ok(performance.now() - asked < 12_000, what)
    }
    await assert.rejects(flush(nc), { code: 'unavailable' })
  } finally {
    process.kill(server.pid, 'SIGCONT')
  }
})
