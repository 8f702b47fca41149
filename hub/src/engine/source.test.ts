import assert from 'node:assert/strict'
import process from 'node:process'
import { describe, test } from 'node:test'
import { Mode, Removal, Start } from '@weir/proto'
import fc from 'fast-check'
import { type Wish, wishFor } from '../../test/simulated-client.ts'
import { type Operation, SimulatedWorld } from '../../test/simulated-world.ts'

const subjects = ['a.x', 'a.y', 'b.x', 'b.y', 'c']
const filterSets = [['>'], ['a.*'], ['*.x', 'c'], ['b.y'], ['nothing.>']]

const publish = fc.record({
  kind: fc.constant('publish' as const),
  subject: fc.constantFrom(...subjects),
  count: fc.integer({ min: 1, max: 40 }),
  bytes: fc.constantFrom(10, 200, 3000),
  removal: fc.constantFrom(
    Removal.UNSPECIFIED,
    Removal.UNSPECIFIED,
    Removal.UNSPECIFIED,
    Removal.UNSPECIFIED,
    Removal.DELETED,
    Removal.EXPIRED,
  ),
})
const client = fc.nat({ max: 3 })
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: publish },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(5, 10, 50, 500) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('beat' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ack' as const), client }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('answer' as const), fails: fc.constantFrom(false, false, true) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('block' as const), client, blocked: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reconnect' as const), client, resume: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('gap' as const),
      subject: fc.constantFrom(...subjects),
      size: fc.integer({ min: 1, max: 5 }),
      times: fc.constantFrom(1, 1, 1, 150),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('retention' as const), keep: fc.integer({ min: 0, max: 60 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reload' as const), client, resume: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('markersGo' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('setBack' as const), by: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('epoch' as const), client, resume: fc.boolean() }) },
)
const wish: fc.Arbitrary<Wish> = fc.record({
  filters: fc.constantFrom(...filterSets),
  mode: fc.constantFrom(Mode.ALL, Mode.LATEST),
  intervalMs: fc.constantFrom(0, 0, 100),
  gatherMs: fc.constantFrom(0, 0, 20),
  window: fc.constantFrom(0, 2_000, 40_000),
})

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

  test('who had more than a stream has after it was set back begins again, at once', async () => {
    const world = new SimulatedWorld([])
    const all = world.connect(wishFor(Mode.ALL))
    for (let count = 0; count < 20; count++) world.publish('a.x', 10, 0)
    await world.settle()
    world.setBack(10)
    for (let count = 0; count < 15; count++) world.publish('a.y', 10, 0)
    await world.settle()
    assert.deepEqual(
      all.batches.flatMap(({ entries }) => entries.map(({ seq }) => seq)),
      Array.from({ length: 25 }, (_, index) => index + 1),
    )
    world.check()
  })

  test('whoever waits for the hub begins again, however often another subscription of its gets credit', async () => {
    const world = new SimulatedWorld([])
    const ahead = world.connect(wishFor(Mode.LATEST))
    world.publish('a.x', 10, 0)
    await world.settle()
    ahead.resumeAt(1000)
    for (let beat = 0; beat < 4; beat++) {
      world.comparisons++
      world.source.credit(ahead.subscriber)
      world.source.pass()
      world.source.beat()
    }
    await world.settle()
    world.check()
  })

  test('a bucket that is read again while the stream is read for a subscriber leaves nothing out', async () => {
    const world = new SimulatedWorld([], true)
    const client = world.connect({ ...wishFor(Mode.LATEST), window: 8_000 })
    for (const subject of ['q1', 'q2', 'q3', 'q4', 'q5', 'q6']) world.publish(subject, 3_000, 0)
    for (let count = 0; count < 30; count++) world.publish('c', 3_000, 0)
    await world.settle()
    client.reconnect(false)
    while (client.batches.length === 0) {
      world.source.pass()
      await world.answer(false)
    }
    client.release()
    world.source.pass()
    assert.equal(client.subscriber.activity, 'reading')
    world.reload(world.source.log.head, () => undefined)
    await world.settle()
    assert.equal(client.held.size, 7)
    world.check()
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

  test('a cursor past the head waits for the hub, and begins again when the stream was set back', async () => {
    const world = new SimulatedWorld([])
    const ahead = world.connect(wishFor(Mode.LATEST))
    world.publish('a.x', 10, 0)
    await world.settle()
    ahead.resumeAt(1000)
    assert.deepEqual(
      ahead.frames.map(({ kind }) => kind),
      ['subscribed'],
    )
    for (let beat = 0; beat < 10; beat++) world.source.beat()
    assert.equal(ahead.frames.length, 1, 'a hub that does not hear from its stream is only behind')
    for (let beat = 0; beat < 3; beat++) {
      world.comparisons++
      world.source.beat()
    }
    await world.settle()
    assert.ok(ahead.frames.some((frame) => frame.kind === 'subscribed' && frame.start === Start.SNAPSHOT))
    world.check()
  })

  test('who has passed its channel between two ticks, and not the hub, waits for it and begins once', async () => {
    const world = new SimulatedWorld([], true)
    world.publish('a.x', 10, 0)
    const client = world.connect({ ...wishFor(Mode.LATEST), filters: ['a.*'], intervalMs: 100 })
    world.publish('b.x', 10, 0)
    world.source.pass()
    assert.equal(client.subscriber.seq, 2)
    assert.equal(client.subscriber.channel.seq, 1)
    for (let look = 0; look < 4; look++) {
      world.comparisons++
      await world.apply({ kind: 'time', ms: 2_000 })
    }
    assert.equal(world.comparisonsWanted, 0, 'nothing is asked of the stream')
    assert.deepEqual(
      client.frames.map(({ kind }) => kind),
      ['subscribed', 'batch'],
    )
    await world.settle()
    world.check()
  })

  test('it is asked at once whether a stream reaches a cursor, without a heartbeat, and then no more', async () => {
    const world = new SimulatedWorld([])
    const ahead = world.connect(wishFor(Mode.ALL))
    world.publish('a.x', 10, 0)
    await world.settle()
    ahead.resumeAt(1000)
    assert.equal(world.comparisonsWanted, 1)
    world.comparisons++
    await world.apply({ kind: 'time', ms: 100 })
    assert.equal(world.comparisonsWanted, 2, 'the first may have begun before')
    assert.equal(ahead.frames.length, 1)
    world.comparisons++
    await world.apply({ kind: 'time', ms: 400 })
    assert.ok(ahead.frames.some(({ kind }) => kind === 'gap'))
    assert.equal(world.timers, 0)
    await world.settle()
    world.check()
  })

  test('who is ahead while another incarnation is loaded begins once, after it', async () => {
    const world = new SimulatedWorld([])
    const ahead = world.connect(wishFor(Mode.LATEST))
    world.publish('a.x', 10, 0)
    await world.settle()
    ahead.resumeAt(1000)
    let begins = 0
    const notify = ahead.notify.bind(ahead)
    ahead.notify = (frame) => {
      if (frame.case === 'subscribed') begins++
      notify(frame)
    }
    world.comparisons += 2
    await world.load(() => world.apply({ kind: 'time', ms: 1000 }))
    await world.settle()
    assert.equal(begins, 1)
    world.check()
  })

  test('who comes while another incarnation is loaded begins once, after it', async () => {
    const world = new SimulatedWorld([])
    const early = world.connect(wishFor(Mode.ALL))
    world.publish('a.x', 10, 0)
    await world.settle()
    const late = world.load(() => world.connect(wishFor(Mode.ALL)))
    assert.deepEqual(
      late.frames.map(({ kind }) => kind),
      ['subscribed'],
    )
    assert.deepEqual(
      early.frames.map(({ kind }) => kind),
      ['subscribed', 'gap'],
    )
    world.check()
  })

  test('a bucket that is read again takes from the latest what is gone, and goes on in mode ALL', async () => {
    const world = new SimulatedWorld([], true)
    const [latest, all] = [world.connect(wishFor(Mode.LATEST)), world.connect(wishFor(Mode.ALL))]
    world.publish('a.x', 10, 0)
    world.publish('b.x', 10, 0)
    await world.settle()
    assert.deepEqual([...latest.held.keys()], ['a.x', 'b.x'])
    world.reload(world.expireUnheard('a.x'), () => undefined)
    await world.settle()
    assert.deepEqual([...latest.held.keys()], ['b.x'])
    assert.ok(!all.frames.some(({ kind }) => kind === 'gap'), 'it goes on where it was')
    world.check()
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
