import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BenchEvent } from './bench-event.ts'
import { openingCommands, PushCounter, pong, readPushes } from './push-reader.ts'

/** A push whose body has so many bytes. */
function push(bytes: number): Buffer {
  const body = Buffer.alloc(bytes, 0x78)
  body[0] = 0x22
  const length = bytes < 0x80 ? [bytes] : [(bytes & 0x7f) | 0x80, bytes >> 7]
  return Buffer.concat([Buffer.from(length), body])
}

test('pushes of any length are counted, each once', () => {
  const message = Buffer.concat([push(5), push(127), push(128), push(9_000)])
  const counter = new PushCounter()
  assert.equal(counter.find(), undefined)
  assert.equal(counter.count(message, 0, message.length)?.entries, 4)
})

test('of one message in eight it is known when its first event was published', () => {
  const event = new BenchEvent(100).encode(7, 1_234_567)
  const first = Buffer.concat([Buffer.from([event.length + 3, 0x22, event.length + 1, 0x22]), event])
  const message = Buffer.concat([first, push(300)])
  const counter = new PushCounter()
  const micros = Array.from({ length: 16 }, () => counter.count(message, 0, message.length)?.micros)
  assert.deepEqual([...new Set(micros.filter((_, at) => at % 8 === 0))], [1_234_567])
  assert.deepEqual([...new Set(micros.filter((_, at) => at % 8 > 0))], [0])
})

test('pings and replies are told apart from pushes', () => {
  const reply = Buffer.from([2, 0x08, 2])
  const message = Buffer.concat([push(3), pong, reply, push(4)])
  assert.deepEqual(readPushes(message, 0, message.length), { pushes: 2, pings: 1, replies: [reply.subarray(1)] })
  assert.equal(new PushCounter().count(message, 0, message.length), undefined)
})

test('a subscriber begins with two commands', () => {
  const message = openingCommands('x'.repeat(200), 'bench.>')
  assert.equal(readPushes(message, 0, message.length).replies.length, 2)
})
