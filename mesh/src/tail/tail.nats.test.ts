import assert from 'node:assert/strict'
import { cp, rename, rm } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstream, jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream'
import { headers, type NatsConnection } from '@nats-io/nats-core'
import { Removal, WeirError } from '@weir/proto'
import { connectNats } from '../connection/connection.ts'
import { createLogger } from '../run/log.ts'
import { bucketStream, eventStream, liveSubject } from '../streams/layout.ts'
import { streamState } from '../streams/stream-state.ts'
import { startNats, type TestNats } from '../testing/test-server.ts'
import { Tail, type TailOptions } from './tail.ts'
import type { TailSink } from './tail-sink.ts'

const log = createLogger('test', 'fatal')

describe('a tail', () => {
  let server: TestNats
  let producer: NatsConnection
  let follower: NatsConnection
  const tails: Tail[] = []

  before(async () => {
    server = await startNats()
    producer = await connectNats({ url: server.url, name: 'producer', log })
    follower = await connectNats({ url: server.url, name: 'hub', log })
  })

  after(async () => {
    for (const tail of tails) tail.close()
    await producer.close()
    await follower.close()
    await server.stop()
  })

  test('hands on the newest entry of each subject, then everything that follows, in order', async () => {
    await makeStream('one')
    await publish('one', 'a', 1)
    await publish('one', 'b', 2)
    await publish('one', 'a', 3)
    const { tail, sink } = await follow('one')
    assert.deepEqual(sink.entries, ['b@2', 'a@3'])
    assert.deepEqual(sink.loadedAt, [3])
    await publish('one', 'b', 4)
    await sink.reaches(4)
    assert.deepEqual(sink.entries, ['b@2', 'a@3', 'b@4'])
    tail.close()
  })

  test('begins at the head of an empty stream', async () => {
    await makeStream('empty')
    const { tail, sink } = await follow('empty')
    assert.deepEqual(sink.loadedAt, [0])
    await publish('empty', 'a', 1)
    await sink.reaches(1)
    tail.close()
  })

  test('misses nothing and doubles nothing over reconnects while events are published', async () => {
    await makeStream('storm')
    const { tail, sink } = await follow('storm')
    const total = 3000
    for (let count = 1; count <= total; count++) {
      void publish('storm', `s${count % 7}`, count)
      if (count % 500 === 0) {
        await follower.reconnect()
        await producer.flush()
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
    await makeStream('quiet')
    const { tail, sink } = await follow('quiet')
    // Without republish the hub hears nothing, which is what a lost message looks like from here.
    const manager = await jetstreamManager(producer)
    const { config } = await manager.streams.info(eventStream('quiet'))
    await manager.streams.update(eventStream('quiet'), { ...config, republish: undefined } as never)
    await publish('quiet', 'a', 1)
    await sink.reaches(1)
    assert.equal(tail.stats.repaired, 1)
    tail.close()
  })

  test('believes the sequence of the server, not one that a publisher forged', async () => {
    await makeStream('forged')
    const { tail, sink } = await follow('forged')
    const forged = headers()
    forged.set('Nats-Sequence', '99')
    await jetstream(producer).publish('ev.forged.a', 'x', { headers: forged })
    await sink.reaches(1)
    assert.deepEqual(sink.entries, ['a@1'])
    tail.close()
  })

  test('repairs a hole of many pages while live entries arrive that are more than it holds', async () => {
    await makeStream('hole')
    const { tail, sink } = await follow('hole', 'events', { pollMs: 200, heldMax: 50 })
    const manager = await jetstreamManager(producer)
    const { config } = await manager.streams.info(eventStream('hole'))
    await manager.streams.update(eventStream('hole'), { ...config, republish: undefined } as never)
    await Promise.all(Array.from({ length: 3_500 }, (_, index) => publish('hole', 'a', index)))
    await manager.streams.update(eventStream('hole'), config as never)
    await Promise.all(Array.from({ length: 1_500 }, (_, index) => publish('hole', 'b', index)))
    await sink.reaches(5_000)
    assert.deepEqual(
      sink.entries.map((entry) => Number(entry.split('@')[1])),
      Array.from({ length: 5_000 }, (_, index) => index + 1),
    )
    assert.ok(tail.stats.repaired >= 3_500, `${tail.stats.repaired} were repaired`)
    assert.equal(tail.stats.gaps, 0)
    tail.close()
  })

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
      await makeStream('restored', { storage: StorageType.File }, before)
      for (let count = 1; count <= 3; count++) await publish('restored', 'kept', count, before)
      await own.kill()
      await cp(own.storeDir, backup, { recursive: true })
      await own.restart()
      const connection = await connect()
      const { sink, tail } = await follow('restored', 'events', { pollMs: 200 }, connection)
      for (let count = 1; count <= 5; count++) await publish('restored', 'void', count, connection)
      await sink.reaches(8)
      await own.kill()
      await rm(own.storeDir, { recursive: true })
      await rename(backup, own.storeDir)
      await own.restart()
      await sink.until(() => sink.lives[1]?.isLoaded === true)
      for (let count = 1; count <= 2; count++) await publish('restored', 'new', count, connection)
      await sink.until(() => sink.entries.includes('new@5'))
      assert.deepEqual(sink.lives[1]?.entries, ['kept@3', 'new@4', 'new@5'])
      assert.equal(sink.lives[1]?.epoch, sink.lives[0]?.epoch)
      tail.close()
    } finally {
      for (const connection of connections) await connection.close()
      await own.stop()
    }
  })

  test('announces what retention has dropped before it could be repaired', async () => {
    await makeStream('short', { max_msgs: 2 })
    const { tail, sink } = await follow('short')
    const manager = await jetstreamManager(producer)
    const { config } = await manager.streams.info(eventStream('short'))
    await manager.streams.update(eventStream('short'), { ...config, republish: undefined } as never)
    for (let count = 1; count <= 5; count++) await publish('short', 'a', count)
    await sink.reaches(5)
    assert.deepEqual(sink.gaps.at(0)?.at(0), 0)
    assert.equal(sink.gaps.reduce((sum, [from, to]) => sum + to - from, 0) + sink.entries.length, 5)
    tail.close()
  })

  test('tells deletion and expiry apart', async () => {
    await makeBucket('ttl')
    const { tail, sink } = await follow('ttl', 'latest')
    const js = jetstream(producer)
    await js.publish('$KV.ttl_latest.gone', 'x')
    await js.publish('$KV.ttl_latest.deleted', 'x')
    const deletion = headers()
    deletion.set('KV-Operation', 'DEL')
    await js.publish('$KV.ttl_latest.deleted', '', { headers: deletion })
    await sink.reaches(4)
    assert.deepEqual(sink.entries.slice(0, 4), ['gone@1', 'deleted@2', 'deleted@3 removed 1', 'gone@4 removed 2'])
    tail.close()
  })

  test('begins anew when the stream is another one', async () => {
    await makeStream('reborn')
    const { tail, sink } = await follow('reborn')
    await publish('reborn', 'a', 1)
    await publish('reborn', 'b', 2)
    await sink.reaches(2)
    const first = sink.lives[0]?.epoch
    await (await jetstreamManager(producer)).streams.delete(eventStream('reborn'))
    await makeStream('reborn')
    await publish('reborn', 'c', 1)
    await sink.until(() => sink.lives.length === 2 && sink.entries.includes('c@1'))
    assert.notEqual(sink.lives[1]?.epoch, first)
    tail.close()
  })

  test('takes nothing of another incarnation for the one that it knows', async () => {
    await makeStream('overtaken')
    const { tail, sink } = await follow('overtaken')
    await publish('overtaken', 'old', 1)
    await sink.reaches(1)
    await (await jetstreamManager(producer)).streams.delete(eventStream('overtaken'))
    await makeStream('overtaken')
    // Its sequences go on past the head of the old one at once.
    for (let count = 1; count <= 50; count++) await publish('overtaken', `new${count}`, count)
    await sink.until(() => sink.lives.length === 2 && sink.entries.includes('new50@50'))
    assert.deepEqual(sink.lives[0]?.entries, ['old@1'])
    assert.deepEqual(
      sink.lives[1]?.entries,
      Array.from({ length: 50 }, (_, index) => `new${index + 1}@${index + 1}`),
    )
    tail.close()
  })

  test('takes nothing of another incarnation for the one that it is loading', async () => {
    const manager = await jetstreamManager(producer)
    // At different moments of the load, from before its first entry to after its last.
    for (let delayMs = 0; delayMs < 16; delayMs++) {
      const tenant = `replaced${delayMs}`
      await makeStream(tenant)
      await Promise.all(Array.from({ length: 200 }, (_, index) => publish(tenant, `old${index}`, index)))
      const { epoch } = await streamState(producer, eventStream(tenant))
      // It may also find no stream, in the moment in which there is none.
      const opened = follow(tenant).catch(() => undefined)
      await sleep(delayMs)
      await manager.streams.delete(eventStream(tenant))
      await makeStream(tenant)
      const published = Array.from({ length: 400 }, (_, index) => publish(tenant, `new${index + 1}`, index))
      const { tail, sink } = (await opened) ?? (await follow(tenant))
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
    const manager = await jetstreamManager(producer)
    await makeStream('vanishing')
    // More than a reader fetches at once.
    await Promise.all(Array.from({ length: 12_000 }, (_, index) => publish('vanishing', `old${index}`, index)))
    const sink = new RecordingSink()
    const tail = new Tail({ nc: follower, tenant: 'vanishing', source: 'events', sink, log, pollMs: 200 })
    tails.push(tail)
    // It may also ask in the moment in which there is none.
    const opened = tail.open().then(
      () => true,
      (thrown) => !(thrown instanceof WeirError),
    )
    await sink.until(() => sink.entries.length > 1_000)
    await manager.streams.delete(eventStream('vanishing'))
    await makeStream('vanishing')
    await publish('vanishing', 'new', 1)
    if (await opened) await sink.until(() => sink.lives.at(-1)?.entries.at(-1) === 'new@1')
    tail.close()
  })

  test('reads a bucket again when it was away for longer than the markers of removals last', async () => {
    const manager = await jetstreamManager(producer)
    await makeBucket('away', 1_000_000_000)
    await jetstream(producer).publish('$KV.away_latest.gone', 'x')
    const { sink } = await follow('away', 'latest', { pollMs: 60_000, markersMs: 500 })
    assert.deepEqual(sink.entries, ['gone@1'])
    // It hears nothing from here on, and asks when it connects again.
    const { config } = await manager.streams.info(bucketStream('away', 'latest'))
    await manager.streams.update(bucketStream('away', 'latest'), { ...config, republish: undefined } as never)
    while ((await manager.streams.info(bucketStream('away', 'latest'))).state.messages > 0) await sleep(100)
    await follower.reconnect()
    await sink.until(() => sink.loadedAt.length === 2)
    assert.deepEqual(sink.lives[1], { epoch: sink.lives[0]?.epoch, entries: [], isLoaded: true })
  })

  test('says that a source does not exist', async () => {
    await assert.rejects(follow('nobody'), (error) => error instanceof WeirError && error.code === 'not_found')
  })

  async function follow(
    tenant: string,
    source = 'events',
    times: Pick<TailOptions, 'pollMs' | 'markersMs' | 'heldMax'> = { pollMs: 200 },
    nc = follower,
  ): Promise<{ tail: Tail; sink: RecordingSink }> {
    const sink = new RecordingSink()
    const tail = new Tail({ nc, tenant, source, sink, log, ...times })
    tails.push(tail)
    await tail.open()
    return { tail, sink }
  }

  async function publish(tenant: string, subject: string, value: number, nc = producer): Promise<void> {
    await jetstream(nc).publish(`ev.${tenant}.${subject}`, String(value))
  }

  async function makeStream(tenant: string, extra: Record<string, unknown> = {}, nc = producer): Promise<void> {
    await (await jetstreamManager(nc)).streams.add({
      name: eventStream(tenant),
      subjects: [`ev.${tenant}.>`],
      retention: RetentionPolicy.Limits,
      storage: StorageType.Memory,
      allow_direct: true,
      republish: { src: `ev.${tenant}.>`, dest: `${liveSubject(tenant, 'events')}.>` },
      ...extra,
    })
  }

  async function makeBucket(tenant: string, markerTtl = 5_000_000_000): Promise<void> {
    await (await jetstreamManager(producer)).streams.add({
      name: bucketStream(tenant, 'latest'),
      subjects: [`$KV.${tenant}_latest.>`],
      storage: StorageType.Memory,
      max_msgs_per_subject: 1,
      max_age: 1_000_000_000,
      allow_msg_ttl: true,
      subject_delete_marker_ttl: markerTtl,
      allow_rollup_hdrs: true,
      allow_direct: true,
      republish: { src: `$KV.${tenant}_latest.>`, dest: `${liveSubject(tenant, 'latest')}.>` },
    } as never)
  }
})

/** What was handed on of one incarnation; nobody is to believe it before it is loaded. */
interface Life {
  readonly epoch: number
  readonly entries: string[]
  isLoaded: boolean
}

class RecordingSink implements TailSink {
  readonly entries: string[] = []
  readonly lives: Life[] = []
  readonly loadedAt: number[] = []
  readonly gaps: [number, number][] = []
  #head = 0

  begin(epoch: number): void {
    this.lives.push({ epoch, entries: [], isLoaded: false })
  }

  entry(subject: string, seq: number, _payload: Uint8Array, removal: Removal): void {
    const entry = `${subject}@${seq}${removal === Removal.UNSPECIFIED ? '' : ` removed ${removal}`}`
    this.entries.push(entry)
    this.#life.entries.push(entry)
    this.#head = seq
  }

  loaded(head: number): void {
    this.loadedAt.push(head)
    this.#life.isLoaded = true
  }

  gap(from: number, to: number): void {
    this.gaps.push([from, to])
  }

  get #life(): Life {
    return this.lives.at(-1) as Life
  }

  reaches(seq: number): Promise<void> {
    return this.until(() => this.#head >= seq)
  }

  async until(condition: () => boolean): Promise<void> {
    const deadline = Date.now() + 15_000
    while (!condition()) {
      assert.ok(Date.now() < deadline, `not reached; entries so far: ${this.entries.slice(-5).join(', ')}`)
      await sleep(20)
    }
  }
}
