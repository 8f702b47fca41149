import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Mode, Start } from '@weir/proto'
import { wishFor } from '../../test/simulated-client.ts'
import { SimulatedWorld } from '../../test/simulated-world.ts'

describe('a source whose stream is set back, another one, or read again', () => {
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

  test('whoever waits for the hub begins again, however often another of its subscriptions gets credit', async () => {
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
})
