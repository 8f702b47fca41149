import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { cursorToWire, Mode, Start } from '@weir/proto'
import { TestMesh } from './harness.ts'
import { TestClient } from './test-client.ts'

const subjects = 10
const count = 60

test('a hub makes one consumer to load a source, and none for a client, wherever that begins', async (t) => {
  const mesh = await TestMesh.start()
  t.after(() => mesh.stop())
  const witness = await mesh.witness()
  t.after(() => witness.close())
  const made: string[] = []
  witness.subscribe('$JS.EVENT.ADVISORY.CONSUMER.CREATED.>', {
    callback: (_, { subject }) => void made.push(subject.split('.')[5] as string),
  })
  const publish = async (from: number): Promise<void> => {
    const data = JSON.stringify('x'.repeat(5_000))
    for (let number = from; number < from + count; number++) await mesh.publish(`made.s${number % subjects}`, data)
  }
  await publish(0)
  assert.deepEqual(made, [])
  // Less than there is, so that old cursors are read from the stream, and so are snapshots.
  const hub = await mesh.startHub({ WEIR_HUB_RING_BYTES: '128KiB', WEIR_HUB_LATEST_SUBJECTS: '5' })
  const first = await TestClient.open(hub.url, { windowBytes: 1_048_576 })
  first.subscribe({ filters: ['made.>'] })
  const { cursor } = await first.next('subscribed')
  await publish(count)
  await first.until(() => first.seqs.length === count)
  assert.deepEqual(made, ['EV_main'])

  const starts = new Set<Start>()
  const epoch = Number(cursor?.epoch)
  const clients = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const client = await TestClient.open(hub.url, { windowBytes: 1_048_576 })
      const mode = index % 2 === 0 ? Mode.ALL : Mode.LATEST
      const filters = index % 3 === 0 ? [`made.s${index % subjects}`, 'made.s0'] : ['made.>']
      const after = [0, 1, count, 2 * count, undefined][index % 5]
      client.subscribe({
        filters,
        mode,
        ...(after === undefined ? {} : { cursor: cursorToWire({ epoch, seq: after }) }),
      })
      const { start } = await client.next('subscribed')
      starts.add(start)
      if ((after ?? count) < 2 * count && start !== Start.HEAD) {
        await client.until(() => client.batches.at(-1)?.to === BigInt(2 * count))
      }
      return client
    }),
  )
  assert.deepEqual(starts, new Set([Start.HEAD, Start.MEMORY, Start.STREAM, Start.SNAPSHOT]))
  assert.ok((await hub.metric('stream_reads_total')) > 0)
  await witness.flush()
  await sleep(200)
  assert.deepEqual(made, ['EV_main'])
  for (const client of [first, ...clients]) client.close()
})
