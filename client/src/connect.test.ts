import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '../test/fake-clock.ts'
import { testWeir } from '../test/weir.ts'
import { connect } from './connect.ts'
import type { ConnectOptions } from './weir.ts'

for (const [given, used] of [
  ['ws://hub.test', 'ws://hub.test/v1/ws'],
  ['wss://hub.test/', 'wss://hub.test/v1/ws'],
  ['http://hub.test:8080', 'ws://hub.test:8080/v1/ws'],
  ['https://hub.test/weir/hub', 'wss://hub.test/weir/hub/v1/ws'],
] as const) {
  test(`the hub at ${given}`, async () => {
    const { hub, weir } = testWeir({ url: given })
    weir.subscribe({ mode: 'LATEST' })
    await settle()
    assert.equal(hub.socket.url, used)
  })
}

test('options that cannot work are refused at once', () => {
  const good: ConnectOptions = { url: 'ws://hub.test', getToken: () => '' }
  for (const bad of [
    { url: 'hub' },
    { url: [] },
    { url: ['ws://a.test', 'b'] },
    { readUrl: '/read' },
    { windowBytes: 16_383 },
    { windowBytes: 2 ** 24 },
  ]) {
    assert.throws(() => connect({ ...good, ...bad }), { code: 'invalid' })
  }
})

test('subscriptions that cannot work are refused at once, and open nothing', async () => {
  const { hub, weir } = testWeir()
  for (const [options, code] of [
    [{ filter: 'a..b' }, 'malformed'],
    [{ filters: ['a', '>.b'] }, 'malformed'],
    [{ source: 'A' }, 'malformed'],
    [{ mode: undefined as never }, 'invalid'],
    [{ mode: 'SOME' as never }, 'invalid'],
    [{ resume: 'orders' }, 'invalid'],
    [{ cursor: 'yesterday' }, 'malformed'],
    [{ filters: [] }, 'invalid'],
    [{ filter: 'a', filters: ['b'] }, 'invalid'],
    [{ mode: 'ALL', intervalMs: 5 }, 'invalid'],
    [{ intervalMs: -1 }, 'invalid'],
    [{ intervalMs: 0.5 }, 'invalid'],
  ] as const) {
    assert.throws(() => weir.subscribe({ mode: 'LATEST', ...options }), { code }, JSON.stringify(options))
  }
  await settle()
  assert.equal(hub.sockets.length, 0)
})

test('a cursor that was kept is where a subscription goes on', async () => {
  const { hub, weir } = testWeir()
  const subscription = weir.subscribe({ mode: 'ALL', cursor: 'a-b' })
  assert.equal(subscription.cursor, 'a-b')
  const socket = await hub.welcome()
  const [subscribe] = socket.take('subscribe')
  assert.deepEqual([subscribe?.cursor?.epoch, subscribe?.cursor?.seq], [10n, 11n])
})
