import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Mode } from '@weir/proto'
import { type TestHub, TestMesh } from './harness.ts'
import { TestClient } from './test-client.ts'

const kills = 20
/**
 * From short enough that nobody notices to long enough that every request which was under way has
 * been given up.
 */
const outagesMs = [50, 300, 1_000, 2_500]
const liveMs = 500

test('is live again within half a second of the reconnect, whenever NATS was killed and for however long', async (t) => {
  const mesh = await TestMesh.start()
  try {
    const hub = await mesh.startHub()
    const client = await TestClient.open(hub.url)
    client.subscribe({ filters: ['outage'], mode: Mode.ALL })
    const { cursor } = await client.next('subscribed')
    assert.ok(cursor)
    // A machine that is slow at everything is so at this as well.
    let usualMs = 0
    const waits: number[] = []
    for (let kill = 0; kill < kills; kill++) {
      const asked = Date.now()
      await mesh.publish('outage')
      await client.until(() => client.entries.length === 2 * kill + 1)
      usualMs = Math.max(usualMs, Date.now() - asked)
      // A read of the stream, and a tail that is only being opened, may be under way.
      const late = await TestClient.open(hub.url)
      late.subscribe({ filters: ['outage'], mode: Mode.ALL, cursor })
      late.subscribe({ id: 2, source: 'latest', filters: ['>'] })
      await mesh.nats.kill()
      await sleep(outagesMs[kill % outagesMs.length])
      const before = reconnects(hub).length
      await mesh.restartNats()
      let storedAt = Number.POSITIVE_INFINITY
      void mesh.publish('outage').then(() => {
        storedAt = Date.now()
      })
      await client.until(() => client.entries.length === 2 * kill + 2)
      const live = Date.now()
      waits.push(live - Math.max(reconnects(hub)[before] ?? live, Math.min(storedAt, live)))
      late.close()
    }
    t.diagnostic(`after ${waits.map(Math.round).join(', ')} ms; without an outage ${Math.round(usualMs)} ms`)
    const most = liveMs + 4 * usualMs
    assert.deepEqual(
      waits.filter((wait) => wait > most),
      [],
      `of ${waits}`,
    )
    client.close()
  } finally {
    await mesh.stop()
  }
})

/** When the hub has reconnected to NATS, by its log. */
function reconnects(hub: TestHub): readonly number[] {
  return hub.log
    .map((line) => JSON.parse(line) as { msg: string; time: string })
    .filter(({ msg }) => msg === 'NATS reconnected')
    .map(({ time }) => Date.parse(time))
}
