import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectNats, createLogger, defaultTenantSpec, type NatsConnection, provisionTenant } from '@weir/mesh'
import { startNats, type TestNats } from '@weir/mesh/testing'
import { WeirError } from '@weir/proto'
import { MemoryBudget } from '../engine/log/memory-budget.ts'
import type { Source } from '../engine/source.ts'
import { Sources } from './sources.ts'

const log = createLogger('test', 'silent')
const idleMs = 200

describe('the sources of a hub', () => {
  const budget = new MemoryBudget({ ringBytesMax: 1e9, keptBytesMax: 1e9 })
  let server: TestNats
  let nc: NatsConnection
  let sources: Sources

  before(async () => {
    server = await startNats()
    nc = await connectNats({ url: server.url, name: 'hub', log })
    await provisionTenant(nc, 'main', defaultTenantSpec)
    await nc.request('ev.main.rooms.r1', 'x')
    sources = new Sources({ nc, log, budget, ringBytes: 1e6, latestSubjects: 1e6, idleMs, onPass: () => undefined })
  })

  after(async () => {
    sources.close()
    await nc.close()
    await server.stop()
  })

  test('open one with its first user and close it a while after its last, with all that it held', async () => {
    const [first, second] = await Promise.all([acquire('events'), acquire('events')])
    assert.equal(first, second)
    assert.ok(budget.ringBytes > 0)
    const tail = [...sources][0]?.tail
    sources.release(first)
    await sleep(2 * idleMs)
    assert.equal([...sources].length, 1, 'somebody has it')
    sources.release(second)
    const again = await acquire('events')
    assert.equal(again, first, 'it stays for a while')
    sources.release(again)
    await sleep(2 * idleMs)
    assert.equal([...sources].length, 0)
    assert.deepEqual([budget.ringBytes, budget.keptBytes], [0, 0])
    await nc.request('ev.main.rooms.r1', 'y')
    await nc.flush()
    assert.equal(tail?.head, 1, 'it hears nothing any more')
    assert.notEqual(await acquire('events'), first)
    sources.close()
  })

  async function acquire(name: string): Promise<Source> {
    const [source] = await sources.acquire('main', name, ['>'])
    assert.ok(source !== undefined)
    return source
  }

  test('forget one that cannot be opened', async () => {
    const missing = (error: unknown): boolean => error instanceof WeirError && error.code === 'not_found'
    await assert.rejects(acquire('nothing'), missing)
    assert.equal([...sources].length, 0)
    await assert.rejects(acquire('nothing'), missing)
  })
})
