import assert from 'node:assert/strict'
import { cp, rename, rm } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { StorageType } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { WeirError } from '@weir/proto'
import { FollowedStreams } from '../../test/followed-streams.ts'
import { connectNats } from '../connection/connection.ts'
import { createLogger } from '../run/log.ts'
import { eventStream } from '../streams/layout.ts'
import { streamState } from '../streams/stream-state.ts'
import { startNats } from '../testing/test-server.ts'

const log = createLogger('test', 'fatal')

describe('a tail whose stream is another one than before', () => {
  let streams: FollowedStreams

  before(async () => {
    streams = await FollowedStreams.start()
  })

  after(() => streams.stop())

  test('begins anew when the stream was set back by a backup, under the same creation time', async () => {
    const own = await startNats()
    const backup = `${own.storeDir}.backup`
    const connections: NatsConnection[] = []
    const connect = async (): Promise<NatsConnection> => {
      const connection = await connectNats({ url: own.url, name: 'hub', log })
      connections.push(connection)
      return connection
    }
    try {
      const before = await connect()
      await streams.makeStream('restored', { storage: StorageType.File }, before)
      for (let count = 1; count <= 3; count++) await streams.publish('restored', 'kept', count, before)
      await own.kill()
      await cp(own.storeDir, backup, { recursive: true })
      await own.restart()
      const connection = await connect()
      const { sink, tail } = await streams.follow('restored', 'events', { pollMs: 200 }, connection)
      for (let count = 1; count <= 5; count++) await streams.publish('restored', 'void', count, connection)
      await sink.reaches(8)
      await own.kill()
      await rm(own.storeDir, { recursive: true })
      await rename(backup, own.storeDir)
      await own.restart()
      await sink.until(() => sink.lives[1]?.isLoaded === true)
      for (let count = 1; count <= 2; count++) await streams.publish('restored', 'new', count, connection)
      await sink.until(() => sink.entries.includes('new@5'))
      assert.deepEqual(sink.lives[1]?.entries, ['kept@3', 'new@4', 'new@5'])
      assert.equal(sink.lives[1]?.epoch, sink.lives[0]?.epoch)
      tail.close()
    } finally {
      for (const connection of connections) await connection.close()
      await own.stop()
    }
  })

  test('begins anew when the stream is another one', async () => {
    await streams.makeStream('reborn')
    const { tail, sink } = await streams.follow('reborn')
    await streams.publish('reborn', 'a', 1)
    await streams.publish('reborn', 'b', 2)
    await sink.reaches(2)
    const first = sink.lives[0]?.epoch
    await (await streams.manager()).streams.delete(eventStream('reborn'))
    await streams.makeStream('reborn')
    await streams.publish('reborn', 'c', 1)
    await sink.until(() => sink.lives.length === 2 && sink.entries.includes('c@1'))
    assert.notEqual(sink.lives[1]?.epoch, first)
    tail.close()
  })

  test('takes nothing of another incarnation for the one that it knows', async () => {
    await streams.makeStream('overtaken')
    const { tail, sink } = await streams.follow('overtaken')
    await streams.publish('overtaken', 'old', 1)
    await sink.reaches(1)
    await (await streams.manager()).streams.delete(eventStream('overtaken'))
    await streams.makeStream('overtaken')
    // Its sequences go on past the head of the old one at once.
    for (let count = 1; count <= 50; count++) await streams.publish('overtaken', `new${count}`, count)
    await sink.until(() => sink.lives.length === 2 && sink.entries.includes('new50@50'))
    assert.deepEqual(sink.lives[0]?.entries, ['old@1'])
    assert.deepEqual(
      sink.lives[1]?.entries,
      Array.from({ length: 50 }, (_, index) => `new${index + 1}@${index + 1}`),
    )
    tail.close()
  })

  test('takes nothing of another incarnation for the one that it is loading', async () => {
    const manager = await streams.manager()
    // At different moments of the load, from before its first entry to after its last.
    for (let delayMs = 0; delayMs < 16; delayMs++) {
      const tenant = `replaced${delayMs}`
      await streams.makeStream(tenant)
      await Promise.all(Array.from({ length: 200 }, (_, index) => streams.publish(tenant, `old${index}`, index)))
      const { epoch } = await streamState(streams.producer, eventStream(tenant))
      // It may also find no stream, in the moment in which there is none.
      const opened = streams.follow(tenant).catch(() => undefined)
      await sleep(delayMs)
      await manager.streams.delete(eventStream(tenant))
      await streams.makeStream(tenant)
      const published = Array.from({ length: 400 }, (_, index) => streams.publish(tenant, `new${index + 1}`, index))
      const { tail, sink } = (await opened) ?? (await streams.follow(tenant))
      await Promise.all(published)
      await sink.until(() => sink.entries.includes('new400@400'))
      for (const life of sink.lives) {
        if (!life.isLoaded) continue
        const kind = life.epoch === epoch ? 'old' : 'new'
        assert.deepEqual(
          life.entries.filter((entry) => !entry.startsWith(kind)),
          [],
          `deleted after ${delayMs} ms`,
        )
      }
      tail.close()
    }
  })

  test('does not wait for the rest of a table whose stream is gone', async () => {
    const manager = await streams.manager()
    await streams.makeStream('vanishing')
    // More than a reader fetches at once.
    await Promise.all(Array.from({ length: 12_000 }, (_, index) => streams.publish('vanishing', `old${index}`, index)))
    const { tail, sink } = streams.tail('vanishing')
    // It may also ask in the moment in which there is none.
    const opened = tail.open().then(
      () => true,
      (thrown) => !(thrown instanceof WeirError),
    )
    await sink.until(() => sink.entries.length > 1_000)
    await manager.streams.delete(eventStream('vanishing'))
    await streams.makeStream('vanishing')
    await streams.publish('vanishing', 'new', 1)
    if (await opened) await sink.until(() => sink.lives.at(-1)?.entries.at(-1) === 'new@1')
    tail.close()
  })
})
