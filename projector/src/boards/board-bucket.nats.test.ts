import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import {
  connectNats,
  createLogger,
  defaultTenantSpec,
  keySubject,
  lastMessage,
  type NatsConnection,
  provisionTenant,
  sourceStream,
} from '@weir/mesh'
import { startNats, type TestNats } from '@weir/mesh/testing'
import { EventSchema, validateEvent } from '@weir/proto'
import { BoardBucket, boardKey, boardsBucket } from './board-bucket.ts'

let server: TestNats
let nc: NatsConnection
let bucket: BoardBucket

before(async () => {
  server = await startNats()
  nc = await connectNats({ url: server.url, name: 'test', log: createLogger('test', 'silent') })
  await provisionTenant(nc, 'main', defaultTenantSpec)
  bucket = new BoardBucket(nc, 'main')
})

after(async () => {
  bucket.close()
  await nc.close()
  await server.stop()
})

const stored = async (name: string): Promise<Awaited<ReturnType<typeof lastMessage>>> =>
  await lastMessage(nc, sourceStream('main', boardsBucket), keySubject('main', boardsBucket, boardKey(name)))

test('a board is an event of JSON under its name, by who saved it, as it was given', async () => {
  const json = '{"title":"Rooms","tiles":[],"n":1700000000000000001}'
  const seq = await bucket.put('rooms', json, 'ana', 0)
  const message = await stored('rooms')
  assert.equal(message?.seq, seq)
  const event = fromBinary(EventSchema, message?.payload ?? new Uint8Array())
  assert.equal(validateEvent(event), undefined)
  assert.deepEqual([event.type, event.source], ['weir.board', 'board/ana'])
  assert.deepEqual(event.data, { case: 'json', value: json })
})

test('a save continues the revision that it names, and no other', async () => {
  const first = await bucket.put('turns', '{"n":1}', 'ana', 0)
  const second = await bucket.put('turns', '{"n":2}', 'ben', first)
  assert.ok(second > first)
  const conflict = { code: 'conflict', message: /Somebody saved this board meanwhile/ }
  await assert.rejects(bucket.put('turns', '{"n":3}', 'ana', first), conflict)
  await assert.rejects(bucket.put('turns', '{"n":3}', 'ana', 0), conflict)
  await assert.rejects(bucket.remove('turns', first), conflict)
  assert.equal((await stored('turns'))?.seq, second, 'what was refused has changed nothing')
})

test('of two who save at once one is stored, and the other is told', async () => {
  const outcomes = await Promise.allSettled(
    Array.from({ length: 8 }, (_, at) => bucket.put('race', `{"n":${at}}`, `p${at}`, 0)),
  )
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') assert.equal((outcome.reason as { code: string }).code, 'conflict')
  }
})

test('a board that was taken out is a removal, and can be saved anew after it', async () => {
  const seq = await bucket.put('brief', '{}', 'ana', 0)
  await bucket.remove('brief', seq)
  const removal = await stored('brief')
  assert.equal(removal?.payload.length, 0)
  assert.equal(removal?.header('KV-Operation'), 'DEL')
  assert.ok((await bucket.put('brief', '{}', 'ana', removal?.seq ?? 0)) > seq)
})

test('a tenant without the bucket is told so', async () => {
  const other = new BoardBucket(nc, 'elsewhere')
  await assert.rejects(other.put('rooms', '{}', 'ana', 0), (thrown: { code: string }) => {
    assert.ok(['not_found', 'unavailable'].includes(thrown.code), thrown.code)
    return true
  })
  other.close()
})
