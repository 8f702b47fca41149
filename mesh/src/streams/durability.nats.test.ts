import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { connectNats, type NatsConnection } from '../connection/connection.ts'
import { createLogger } from '../run/log.ts'
import { startNats, type TestNats } from '../testing/test-server.ts'
import { durabilityFault } from './durability.ts'
import { provisionMesh } from './provision.ts'

let alone: TestNats
let nc: NatsConnection

before(async () => {
  alone = await startNats()
})

after(async () => {
  await nc.close()
  await alone.stop()
})

test('a single server fits every profile but the cluster', async () => {
  nc = await connectNats({ url: alone.url, name: 'ingest', log: createLogger('test', 'silent') })
  await provisionMesh(nc, 1)
  assert.equal(await durabilityFault(nc, 'dev'), undefined)
  assert.equal(await durabilityFault(nc, 'single'), undefined)
  assert.match((await durabilityFault(nc, 'cluster')) ?? '', /the only one of its kind/)
})
