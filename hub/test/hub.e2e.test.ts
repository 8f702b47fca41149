import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eventStream, jetstreamManager } from '@weir/mesh'
import { Mode, Start } from '@weir/proto'
import { type TestHub, TestMesh } from './harness.ts'
import { TestClient } from './test-client.ts'

for (const protocol of ['weir.v1', 'weir.v1.json'] as const) {
  describe(`a hub, by ${protocol}`, () => {
    let mesh: TestMesh
    let hub: TestHub

    before(async () => {
      mesh = await TestMesh.start()
      hub = await mesh.startHub()
    })

    after(() => mesh.stop())

    test('delivers what is published from the head on', async () => {
      await mesh.publish('head.before', '"before"')
      const client = await TestClient.open(hub.url, { protocol })
      client.subscribe({ filters: ['head.>'] })
      assert.equal((await client.next('subscribed')).start, Start.HEAD)
      await mesh.publish('head.a', '1')
      await mesh.publish('other.a', '2')
      await mesh.publish('head.b', '3')
      await client.until(() => client.entries.length === 2)
      assert.deepEqual(client.entries, ['head.a=1', 'head.b=3'])
      client.close()
    })

    test('begins mode LATEST with a snapshot, then goes on live', async () => {
      await mesh.publish('snap.a', '1')
      await mesh.publish('snap.a', '2')
      await mesh.publish('snap.b', '3')
      const client = await TestClient.open(hub.url, { protocol })
      client.subscribe({ filters: ['snap.*'], mode: Mode.LATEST })
      assert.equal((await client.next('subscribed')).start, Start.SNAPSHOT)
      await client.until(() => client.entries.length === 2)
      await mesh.publish('snap.a', '4')
      await client.until(() => client.entries.length === 3)
      assert.deepEqual(client.entries, ['snap.a=2', 'snap.b=3', 'snap.a=4'])
      client.close()
    })

    test('lets one connection read the same twice, each by a channel of its own', async () => {
      await mesh.publish('double.a', '1')
      const client = await TestClient.open(hub.url, { protocol })
      client.subscribe({ id: 1, filters: ['double.>'] })
      const live = await client.next('subscribed')
      client.subscribe({ id: 2, filters: ['double.>', 'double.a'], mode: Mode.LATEST })
      const snapshot = await client.next('subscribed')
      assert.notEqual(live.channel, snapshot.channel)
      await client.until(() => client.entries.length === 1)
      await mesh.publish('double.a', '2')
      await client.until(() => client.entries.length === 3)
      const of = (channel: number): bigint[] =>
        client.batches
          .filter((batch) => batch.channel === channel)
          .flatMap(({ entries }) => entries.map(({ seq }) => seq))
      assert.equal(of(live.channel).length, 1)
      assert.equal(of(snapshot.channel).length, 2)
      client.close()
    })

    test('resumes at a cursor on another hub, without a hole or a double', async () => {
      const first = await TestClient.open(hub.url, { protocol })
      first.subscribe({ filters: ['resume'] })
      const { cursor } = await first.next('subscribed')
      for (let count = 1; count <= 5; count++) await mesh.publish('resume', String(count))
      await first.until(() => first.entries.length === 5)
      const to = first.batches.at(-1)?.to ?? 0n
      first.close()
      for (let count = 6; count <= 9; count++) await mesh.publish('resume', String(count))
      const other = await mesh.startHub()
      const second = await TestClient.open(other.url, { protocol })
      assert.ok(cursor)
      second.subscribe({ filters: ['resume'], cursor: { ...cursor, seq: to } })
      await second.until(() => second.entries.length === 4)
      assert.deepEqual(second.entries, ['resume=6', 'resume=7', 'resume=8', 'resume=9'])
      second.close()
    })
  })
}

test('a hub that was started after retention dropped the newest of a subject lets nobody keep an older one', async () => {
  const mesh = await TestMesh.start()
  try {
    await mesh.publish('dropped.a', '1')
    const first = await TestClient.open((await mesh.startHub()).url)
    first.subscribe({ filters: ['dropped.>'], mode: Mode.LATEST })
    const { cursor } = await first.next('subscribed')
    await first.until(() => first.entries.length === 1)
    first.close()
    assert.ok(cursor)
    await mesh.publish('dropped.a', '2')
    for (let count = 3; count <= 6; count++) await mesh.publish('dropped.b', String(count))
    await (await jetstreamManager(mesh.nc)).streams.purge(eventStream('main'), { keep: 2 })
    const late = await mesh.startHub()
    for (const mode of [Mode.LATEST, Mode.ALL]) {
      const client = await TestClient.open(late.url)
      client.subscribe({ filters: ['dropped.>'], mode, cursor: { ...cursor, seq: 1n } })
      await client.until(() => client.entries.includes('dropped.b=6'))
      const starts = client.frames.map((frame) => (frame.case === 'subscribed' ? frame.value.start : undefined))
      const gaps = client.frames.map((frame) => (frame.case === 'gap' ? [frame.value.from, frame.value.to] : []))
      if (mode === Mode.LATEST) assert.ok(starts.includes(Start.SNAPSHOT), 'it replaces what it holds')
      else assert.deepEqual(gaps.flat(), [1n, 4n])
      client.close()
    }
  } finally {
    await mesh.stop()
  }
})

test('a hub that nats-server cut off as a slow consumer goes on without a hole', async () => {
  const mesh = await TestMesh.start('main', 'max_pending: 8MB')
  try {
    const hub = await mesh.startHub()
    const client = await TestClient.open(hub.url, { windowBytes: 8_388_608 })
    client.subscribe({ filters: ['slow'] })
    await client.next('subscribed')
    hub.process.kill('SIGSTOP')
    // More than the kernel and the server keep for one that does not read.
    const big = 'x'.repeat(100_000)
    const count = 400
    for (let number = 0; number < count; number++) await mesh.publish('slow', JSON.stringify(`${number} ${big}`))
    hub.process.kill('SIGCONT')
    await client.until(() => client.entries.length >= count)
    const numbers = client.entries.map((entry) => Number(/^slow="?(\d+)/.exec(entry)?.[1]))
    assert.deepEqual(
      numbers,
      Array.from({ length: count }, (_, number) => number),
    )
    assert.ok((await hub.metric('repaired_entries_total')) > 0, 'the server cut nothing off')
    client.close()
  } finally {
    await mesh.stop()
  }
})
