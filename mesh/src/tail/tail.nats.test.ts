import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstream } from '@nats-io/jetstream'
import { headers } from '@nats-io/nats-core'
import { WeirError } from '@weir/proto'
import { FollowedStreams } from '../../test/followed-streams.ts'
import { bucketStream, eventStream } from '../streams/layout.ts'

describe('a tail', () => {
  let streams: FollowedStreams

  before(async () => {
    streams = await FollowedStreams.start()
  })

  after(() => streams.stop())

  test('hands on the newest entry of each subject, then everything that follows, in order', async () => {
    await streams.makeStream('one')
    await streams.publish('one', 'a', 1)
    await streams.publish('one', 'b', 2)
    await streams.publish('one', 'a', 3)
    const { tail, sink } = await streams.follow('one')
    assert.deepEqual(sink.entries, ['b@2', 'a@3'])
    assert.deepEqual(sink.loadedAt, [3])
    await streams.publish('one', 'b', 4)
    await sink.reaches(4)
    assert.deepEqual(sink.entries, ['b@2', 'a@3', 'b@4'])
    tail.close()
  })

  test('begins at the head of an empty stream', async () => {
    await streams.makeStream('empty')
    const { tail, sink } = await streams.follow('empty')
    assert.deepEqual(sink.loadedAt, [0])
    await streams.publish('empty', 'a', 1)
    await sink.reaches(1)
    tail.close()
  })

  test('misses nothing and doubles nothing over reconnects while events are published', async () => {
    await streams.makeStream('storm')
    const { tail, sink } = await streams.follow('storm')
    const total = 3000
    for (let count = 1; count <= total; count++) {
      void streams.publish('storm', `s${count % 7}`, count)
      if (count % 500 === 0) {
        await streams.follower.reconnect()
        await streams.producer.flush()
      }
    }
    await sink.reaches(total)
    assert.deepEqual(
      sink.entries.map((entry) => Number(entry.split('@')[1])),
      Array.from({ length: total }, (_, index) => index + 1),
    )
    assert.equal(tail.stats.gaps, 0)
    tail.close()
  })

  test('finds a lost tail by asking for the last sequence', async () => {
    await streams.makeStream('quiet')
    const { tail, sink } = await streams.follow('quiet')
    // Without republish the hub hears nothing, which is what a lost message looks like from here.
    const manager = await streams.manager()
    const { config } = await manager.streams.info(eventStream('quiet'))
    await manager.streams.update(eventStream('quiet'), { ...config, republish: undefined } as never)
    await streams.publish('quiet', 'a', 1)
    await sink.reaches(1)
    assert.equal(tail.stats.repaired, 1)
    tail.close()
  })

  test('believes the sequence of the server, not one that a publisher forged', async () => {
    await streams.makeStream('forged')
    const { tail, sink } = await streams.follow('forged')
    const forged = headers()
    forged.set('Nats-Sequence', '99')
    await jetstream(streams.producer).publish('ev.forged.a', 'x', { headers: forged })
    await sink.reaches(1)
    assert.deepEqual(sink.entries, ['a@1'])
    tail.close()
  })

  test('repairs a hole of many pages while live entries arrive that are more than it holds', async () => {
    await streams.makeStream('hole')
    const { tail, sink } = await streams.follow('hole', 'events', { pollMs: 200, heldMax: 50 })
    const manager = await streams.manager()
    const { config } = await manager.streams.info(eventStream('hole'))
    await manager.streams.update(eventStream('hole'), { ...config, republish: undefined } as never)
    await Promise.all(Array.from({ length: 3_500 }, (_, index) => streams.publish('hole', 'a', index)))
    await manager.streams.update(eventStream('hole'), config as never)
    await Promise.all(Array.from({ length: 1_500 }, (_, index) => streams.publish('hole', 'b', index)))
    await sink.reaches(5_000)
    assert.deepEqual(
      sink.entries.map((entry) => Number(entry.split('@')[1])),
      Array.from({ length: 5_000 }, (_, index) => index + 1),
    )
    assert.ok(tail.stats.repaired >= 3_500, `${tail.stats.repaired} were repaired`)
    assert.equal(tail.stats.gaps, 0)
    tail.close()
  })

  test('announces what retention has dropped before it could be repaired', async () => {
    await streams.makeStream('short', { max_msgs: 2 })
    const { tail, sink } = await streams.follow('short')
    const manager = await streams.manager()
    const { config } = await manager.streams.info(eventStream('short'))
    await manager.streams.update(eventStream('short'), { ...config, republish: undefined } as never)
    for (let count = 1; count <= 5; count++) await streams.publish('short', 'a', count)
    await sink.reaches(5)
    assert.deepEqual(sink.gaps.at(0)?.at(0), 0)
    assert.equal(sink.gaps.reduce((sum, [from, to]) => sum + to - from, 0) + sink.entries.length, 5)
    tail.close()
  })

  test('tells deletion and expiry apart', async () => {
    await streams.makeBucket('ttl', 3, 5)
    const { tail, sink } = await streams.follow('ttl', 'latest')
    const js = jetstream(streams.producer)
    await js.publish('$KV.ttl_latest.gone', 'x')
    await js.publish('$KV.ttl_latest.deleted', 'x')
    const deletion = headers()
    deletion.set('KV-Operation', 'DEL')
    await js.publish('$KV.ttl_latest.deleted', '', { headers: deletion })
    await sink.reaches(4)
    assert.deepEqual(sink.entries.slice(0, 4), ['gone@1', 'deleted@2', 'deleted@3 removed 1', 'gone@4 removed 2'])
    tail.close()
  })

  test('reads a bucket again when it was away for longer than the markers of removals last', async () => {
    const manager = await streams.manager()
    await streams.makeBucket('away', 3600, 1)
    await jetstream(streams.producer).publish('$KV.away_latest.gone', 'x')
    const { sink } = await streams.follow('away', 'latest', { pollMs: 60_000, markersMs: 500 })
    assert.deepEqual(sink.entries, ['gone@1'])
    // It hears nothing from here on, when the value expires, and asks when it connects again.
    const { config } = await manager.streams.info(bucketStream('away', 'latest'))
    const silent = { ...config, republish: undefined, max_age: 1e9, duplicate_window: 1e9 }
    await manager.streams.update(bucketStream('away', 'latest'), silent as never)
    while ((await manager.streams.info(bucketStream('away', 'latest'))).state.messages > 0) await sleep(100)
    await streams.follower.reconnect()
    await sink.until(() => sink.loadedAt.length === 2)
    assert.deepEqual(sink.lives[1], { epoch: sink.lives[0]?.epoch, entries: [], isLoaded: true })
  })

  test('says that a source does not exist', async () => {
    await assert.rejects(streams.follow('nobody'), (error) => error instanceof WeirError && error.code === 'not_found')
  })
})
