import assert from 'node:assert/strict'
import process from 'node:process'
import { describe, test } from 'node:test'
import { Mode } from '@weir/proto'
import fc from 'fast-check'
import { wishFor } from '../../test/simulated-client.ts'
import { operation, wish } from '../../test/simulated-operations.ts'
import { SimulatedWorld } from '../../test/simulated-world.ts'

describe('a source, whatever happens', () => {
  test('gives every subscriber each matching entry, or counts or announces it, and converges to the latest', async () => {
    const tally = { matched: 0, counted: 0 }
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(wish, { minLength: 4, maxLength: 4 }),
        fc.array(operation, { minLength: 5, maxLength: 80, size: 'max' }),
        async (isBucket, wishes, operations) => {
          const plain = wishes.map((each) => (each.mode === Mode.ALL ? { ...each, intervalMs: 0 } : each))
          const world = new SimulatedWorld(plain, isBucket)
          for (const each of operations) await world.apply(each)
          await world.settle()
          world.check(tally)
        },
      ),
      { numRuns: Number(process.env.WEIR_TEST_RUNS ?? 500), includeErrorInReport: true },
    )
    assert.ok(tally.counted > 0.15 * tally.matched, `of ${tally.matched} only ${tally.counted} were counted`)
  })

  test('sends what changed at most once in an interval, the newest of it, and counts the rest', async () => {
    const world = new SimulatedWorld([])
    const slow = world.connect({ ...wishFor(Mode.LATEST), intervalMs: 100 })
    await world.settle()
    slow.frames.splice(1)
    for (let count = 0; count < 100; count++) {
      world.publish('a.x', 10, 0)
      world.source.pass()
      await world.apply({ kind: 'time', ms: 10 })
      world.source.pass()
    }
    const batches = slow.batches
    assert.ok(batches.length >= 9 && batches.length <= 11, `${batches.length} batches in a second`)
    for (const { to, entries } of batches) assert.equal(entries.at(-1)?.seq, to, 'the newest')
    const told = batches.reduce((sum, { entries, conflated }) => sum + entries.length + conflated, 0)
    assert.equal(told, slow.batches.at(-1)?.to)
  })

  test('gathers what arrives within a time into one batch, all of it, and sends the first at once', async () => {
    const world = new SimulatedWorld([])
    const [gathering, other] = [world.connect({ ...wishFor(Mode.ALL), gatherMs: 20 }), world.connect(wishFor(Mode.ALL))]
    await world.settle()
    for (let count = 0; count < 100; count++) {
      world.publish('a.x', 10, 0)
      world.source.pass()
      if (count === 0) assert.equal(gathering.batches.length, 1)
      await world.apply({ kind: 'time', ms: 2 })
      world.source.pass()
    }
    await world.settle()
    assert.equal(other.batches.length, 100)
    const { batches } = gathering
    assert.ok(batches.length >= 10 && batches.length <= 12, `${batches.length} batches in 200 ms`)
    assert.deepEqual(
      batches.flatMap(({ entries }) => entries.map(({ seq }) => seq)),
      other.batches.flatMap(({ entries }) => entries.map(({ seq }) => seq)),
    )
  })

  test('takes the timer of a channel out with its last subscriber', async () => {
    const world = new SimulatedWorld([])
    for (let count = 0; count < 20; count++) {
      const client = world.connect({ ...wishFor(Mode.LATEST), intervalMs: 10_000 + count })
      world.publish('a.x', 10, 0)
      world.source.pass()
      world.publish('a.x', 10, 0)
      assert.equal(world.timers, 1)
      world.source.unsubscribe(client.subscriber)
      assert.equal(world.timers, 0)
    }
  })

  test('a client that was behind while removals were forgotten holds nothing that is gone', async () => {
    const world = new SimulatedWorld([], true)
    const slow = world.connect({ ...wishFor(Mode.LATEST), window: 2_000 })
    world.publish('a.x', 10, 0)
    await world.settle()
    slow.block(true)
    await world.forgetRemovalOf('a.x')
    await world.settle()
    assert.ok(!slow.held.has('a.x'))
    world.check()
  })

  test('a client that reads the stream while removals are forgotten holds nothing that is gone', async () => {
    const world = new SimulatedWorld([], true)
    const slow = world.connect({ ...wishFor(Mode.LATEST), window: 8_000 })
    for (const subject of ['q1', 'q2', 'q3', 'q4', 'q5', 'q6', 'q7']) world.publish(subject, 3_000, 0)
    for (let count = 0; count < 30; count++) world.publish('c', 3_000, 0)
    await world.settle()
    slow.reconnect(false)
    while (!slow.held.has('q1')) {
      world.source.pass()
      await world.answer(false)
    }
    slow.block(true)
    await world.forgetRemovalOf('q1')
    await world.settle()
    assert.ok(!slow.held.has('q1'))
    world.check()
  })

  test('sends the same bytes to all that are caught up', () => {
    const world = new SimulatedWorld([])
    const [first, second] = [world.connect(wishFor(Mode.ALL)), world.connect(wishFor(Mode.ALL))]
    world.publish('a.x', 10, 0)
    world.source.pass()
    assert.equal(first.subscriber.channel, second.subscriber.channel)
    assert.deepEqual(
      first.frames,
      second.frames.map((frame) => (frame.kind === 'subscribed' ? first.frames[0] : frame)),
    )
    assert.equal(world.encoded, 1)
  })

  test('a client without credit costs nothing until it acknowledges, then gets the newest', async () => {
    const world = new SimulatedWorld([])
    const slow = world.connect({ ...wishFor(Mode.LATEST), window: 2000 })
    await world.settle()
    slow.acknowledges = false
    for (let count = 0; count < 500; count++) {
      world.publish('a.x', 100, 0)
      world.source.pass()
    }
    const encodedBefore = world.encoded
    for (let count = 0; count < 100; count++) world.source.pass()
    assert.equal(world.encoded, encodedBefore)
    assert.ok(slow.unacknowledged <= 2000)
    slow.acknowledges = true
    await world.settle()
    world.check()
    assert.equal(slow.held.get('a.x'), 500)
  })
})
