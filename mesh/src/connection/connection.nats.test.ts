import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WeirError } from '@weir/proto'
import { Health } from '../run/health.ts'
import { createLogger } from '../run/log.ts'
import { startNats, type TestNats } from '../testing/test-server.ts'
import { connectNats } from './connection.ts'
import { newInbox } from './inbox.ts'

const log = createLogger('test', 'silent')
let server: TestNats

before(async () => {
  server = await startNats({ config: 'authorization { users: [{ user: "u@x", password: "p/w" }] }' })
})

after(() => server.stop())

function url(password: string): string {
  return server.url.replace('//', `//${encodeURIComponent('u@x')}:${encodeURIComponent(password)}@`)
}

test('a server that is not there is unavailable, in a sentence without the password', async () => {
  const gone = await startNats()
  await gone.stop()
  const dead = gone.url.replace('//', '//user:hidden@')
  await assert.rejects(connectNats({ url: dead, name: 'test', log }), (error) => {
    assert.ok(error instanceof WeirError)
    assert.equal(error.code, 'unavailable')
    assert.match(error.message, new RegExp(`127.0.0.1:${gone.port} does not answer`))
    assert.doesNotMatch(error.message, /hidden/)
    return true
  })
})

test('a user that the server refuses is told so', async () => {
  await assert.rejects(connectNats({ url: url('wrong'), name: 'test', log }), {
    code: 'unavailable',
    message: /refuses the user in WEIR_NATS_URL/,
  })
})

test('a login that the server got too late is no wrong password', async () => {
  const busy = createServer((socket) => {
    socket.write(`INFO ${JSON.stringify({ server_id: 'busy', version: '2.14.0', max_payload: 1_048_576 })}\r\n`)
    socket.once('data', () => socket.end("-ERR 'Authentication Timeout'\r\n"))
  }).listen(0, '127.0.0.1')
  await once(busy, 'listening')
  const { port } = busy.address() as AddressInfo
  await assert.rejects(connectNats({ url: `nats://u:p@127.0.0.1:${port}`, name: 'test', log }), {
    code: 'unavailable',
    message: /did not get the login in time/,
  })
  busy.close()
})

test('of several servers the first that answers is taken', async () => {
  const gone = await startNats()
  await gone.stop()
  for (const list of [`${url('p/w')},${gone.url}`, `${gone.url.replace('//', '//u%40x:p%2Fw@')}, ${server.url}`]) {
    const nc = await connectNats({ url: list, name: 'test', log })
    assert.equal(nc.getServer(), `127.0.0.1:${server.port}`)
    await nc.close()
  }
})

test('inboxes carry the name of the service', async () => {
  const nc = await connectNats({ url: url('p/w'), name: 'hub', log })
  assert.match(newInbox(nc), /^_INBOX_hub\.\w+$/)
  await nc.close()
})

test('health follows the connection, which comes back by itself', async () => {
  const health = new Health()
  const nc = await connectNats({ url: url('p/w'), name: 'test', log, health })
  assert.equal(health.ready, true)
  await server.kill()
  while (health.ready) await sleep(5)
  assert.deepEqual(health.report().parts, { nats: { ok: false, detail: 'disconnected' } })
  await server.restart()
  while (!health.ready) await sleep(5)
  await nc.flush()
  await nc.close()
  while (health.ready) await sleep(5)
  assert.deepEqual(health.report().parts, { nats: { ok: false, detail: 'closed' } })
})
