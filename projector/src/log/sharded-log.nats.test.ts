import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  connectNats,
  createLogger,
  defaultTenantSpec,
  eventShards,
  type NatsConnection,
  Publisher,
  provisionTenant,
  shardOf,
} from '@weir/mesh'
import { startNats, type TestNats } from '@weir/mesh/testing'
import { openSourceLog } from './open-source-log.ts'
import { noPosition, type Position } from './position.ts'
import type { LogMessage } from './source-log.ts'

const wants = { warmUpMs: 0, reachMs: undefined, fromNow: false }
const tenant = 'wide'
let nats: TestNats
let nc: NatsConnection
let publisher: Publisher
let shards: readonly string[]
let published = 0

before(async () => {
  nats = await startNats()
  nc = await connectNats({ url: nats.url, name: 'test', log: createLogger('test', 'fatal') })
  await provisionTenant(nc, tenant, { ...defaultTenantSpec, shards: 3 })
  shards = await eventShards(nc, tenant)
  publisher = new Publisher(nc)
})

after(async () => {
  await nc?.close()
  await nats?.stop()
})

test('what is stored comes in one order, each once, the same at every reading', async () => {
  await publish(300)
  const first = await read(noPosition)
  assert.equal(first.length, 300)
  assertOrdered(first)
  for (let again = 0; again < 3; again++) assert.deepEqual((await read(noPosition)).map(placed), first.map(placed))
  const middle = first[149] as LogMessage
  const rest = await read(positionAfter(first.slice(0, 150)))
  assert.deepEqual(rest.map(placed), first.slice(150).map(placed))
  assert.ok(rest.every(({ seq }) => seq > middle.seq))
})

test('what comes meanwhile follows in the order in which it was stored', async () => {
  const log = await openSourceLog(nc, tenant, 'events')
  const state = await log.state()
  const known = await read(noPosition)
  const position = positionAfter(known)
  const reader = log.reader(['>'], await log.start(position, state, wants), position)
  const taken: LogMessage[] = []
  const running = reader.run((message) => {
    taken.push(message)
    if (taken.length === 200) reader.close()
    return undefined
  })
  // One at a time, so that the order in which they are stored is known.
  const subjects = await publish(200, 1)
  await running
  assertOrdered(taken)
  assert.deepEqual(
    taken.map(({ subject }) => subject.slice(log.subjects.length)),
    subjects,
  )
  assert.ok(taken.every(({ shard }) => shard?.isLate === false))
})

/** Publishes events of subjects of their own, so many at once. */
async function publish(count: number, atOnce = count): Promise<string[]> {
  const subjects = Array.from({ length: count }, () => `rooms.r${published++}`)
  for (let at = 0; at < count; at += atOnce) {
    const batch = subjects.slice(at, at + atOnce)
    await Promise.all(
      batch.map((subject) => publisher.publish(shardOf(shards, subject), subject, subject, new Uint8Array(8))),
    )
  }
  return subjects
}

async function read(position: Position): Promise<LogMessage[]> {
  const log = await openSourceLog(nc, tenant, 'events')
  const start = await log.start(position, await log.state(), wants)
  const taken: LogMessage[] = []
  await log.reader(['>'], start, position).runToHead((message) => {
    taken.push(message)
    return undefined
  })
  return taken
}

function positionAfter(taken: readonly LogMessage[]): Position {
  const last = taken.at(-1) as LogMessage
  const places = shards.map((_, index) => {
    const of = taken.findLast(({ shard }) => shard?.index === index)
    return { epoch: of?.shard?.epoch ?? 0, seq: of?.shard?.seq ?? 0, place: of?.seq ?? 0 }
  })
  return { epoch: 0, targetEpoch: 0, seq: last.seq, storedAtMs: last.storedAtMs, shards: places }
}

function assertOrdered(taken: readonly LogMessage[]): void {
  for (let at = 1; at < taken.length; at++) {
    assert.ok((taken[at] as LogMessage).seq > (taken[at - 1] as LogMessage).seq, `at ${at}`)
  }
}

function placed({ subject, seq }: LogMessage): string {
  return `${subject} ${seq}`
}
