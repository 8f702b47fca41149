import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../test/fake-clock.ts'
import { Credit } from './credit.ts'

test('a quarter of the window is acknowledged at once', () => {
  const { credit, acks } = setUp(1000)
  credit.received(600)
  credit.finished(249)
  assert.deepEqual(acks, [])
  credit.finished(1)
  assert.deepEqual(acks, [250])
})

test('less than that is acknowledged after 200 ms, together', async () => {
  const { credit, acks, clock } = setUp(1000)
  credit.received(100)
  credit.finished(10)
  await clock.advance(150)
  credit.finished(20)
  await clock.advance(49)
  assert.deepEqual(acks, [])
  await clock.advance(1)
  assert.deepEqual(acks, [30])
  await clock.advance(1000)
  assert.deepEqual(acks, [30])
  credit.finished(5)
  await clock.advance(200)
  assert.deepEqual(acks, [30, 5])
})

test('what is not finished is never acknowledged', async () => {
  const { credit, acks, clock } = setUp(1000)
  credit.received(900)
  await clock.advance(60_000)
  assert.deepEqual(acks, [])
  assert.equal(credit.heldBytes, 900)
})

test('it is strained from three quarters of the window until a quarter', () => {
  const { credit, events } = setUp(1000)
  credit.received(749)
  assert.deepEqual(events, [])
  credit.received(1)
  credit.received(200)
  credit.finished(699)
  assert.deepEqual(events, ['strained'])
  credit.finished(1)
  assert.deepEqual(events, ['strained', 'eased'])
  credit.received(500)
  assert.deepEqual(events, ['strained', 'eased', 'strained'])
})

test('after the end nothing is acknowledged', async () => {
  const { credit, acks, clock } = setUp(1000)
  credit.received(500)
  credit.finished(10)
  credit.end()
  credit.finished(490)
  await clock.advance(1000)
  assert.deepEqual(acks, [])
})

function setUp(windowBytes: number): { credit: Credit; acks: number[]; events: string[]; clock: FakeClock } {
  const clock = new FakeClock()
  const acks: number[] = []
  const events: string[] = []
  const credit = new Credit(windowBytes, clock, {
    acknowledge: (bytes) => acks.push(bytes),
    strained: () => events.push('strained'),
    eased: () => events.push('eased'),
  })
  return { credit, acks, events, clock }
}
