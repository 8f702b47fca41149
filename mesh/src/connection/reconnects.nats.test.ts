import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger } from '../run/log.ts'
import { startNats } from '../testing/test-server.ts'
import { connectNats } from './connection.ts'
import { onReconnect } from './reconnects.ts'

test('says that the connection is there again, until it is stopped', async (t) => {
  const server = await startNats()
  t.after(() => server.stop())
  const nc = await connectNats({ url: server.url, name: 'test', log: createLogger('test', 'silent') })
  t.after(() => nc.close())
  const heard: string[] = []
  const stopped = onReconnect(nc, () => heard.push('stopped'))
  onReconnect(nc, () => heard.push('going on'))
  const { listeners } = (nc as unknown as { protocol: { listeners: unknown[] } }).protocol
  const before = listeners.length
  for (let count = 0; count < 10; count++) onReconnect(nc, () => {}).stop()
  assert.equal(listeners.length, before, 'one reader of the client serves all')
  stopped.stop()
  await server.restart()
  while (heard.length === 0) await sleep(5)
  assert.deepEqual(heard, ['going on'])
})
