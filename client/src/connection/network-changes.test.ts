import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Start } from '@weir/proto'
import { settle } from '../../test/fake-clock.ts'
import { welcome } from '../../test/fake-hub.ts'
import { testWeir } from '../../test/weir.ts'

test('when the network is back, a planned attempt is made at once, and no second one', async () => {
  const { hub, weir, clock, wake } = testWeir({ getToken: async () => 'token' })
  weir.subscribe({ mode: 'LATEST' })
  await settle()
  await hub.socket.cut()
  wake()
  wake()
  await settle()
  assert.equal(hub.sockets.length, 2)
  await clock.advance(5000)
  assert.equal(hub.sockets.length, 2)
})

test('when the network may be another, a session that looks alive must answer soon', async () => {
  const { hub, weir, clock, wake, states } = testWeir()
  weir.subscribe({ mode: 'LATEST' })
  const first = await hub.welcome(welcome({ heartbeatMs: 10_000 }))
  await first.subscribed(1, Start.SNAPSHOT, 1, 0)
  wake()
  assert.equal(first.take('ping').length, 1)
  await first.say({ case: 'pong', value: {} })
  await clock.advance(3000)
  assert.equal(states.at(-1), 'live')
  wake()
  await clock.advance(2999)
  assert.equal(states.at(-1), 'live')
  await clock.advance(1)
  assert.equal(states.at(-1), 'recovering')
  await clock.advance(500)
  assert.equal(hub.sockets.length, 2)
})

test('an attempt that hangs while the network changes is given up soon', async () => {
  const { hub, weir, clock, wake } = testWeir()
  weir.subscribe({ mode: 'LATEST' })
  await settle()
  await clock.advance(1000)
  wake()
  await clock.advance(3000 + 500)
  assert.equal(hub.sockets.length, 2)
})

test('a short sleep of the machine is noticed by the clock, and the session must answer soon', async () => {
  const { hub, weir, clock, states } = testWeir()
  weir.subscribe({ mode: 'LATEST' })
  const socket = await hub.welcome(welcome({ heartbeatMs: 10_000 }))
  await socket.subscribed(1, Start.SNAPSHOT, 1, 0)
  clock.sleep(8001)
  await clock.advance(0)
  assert.equal(socket.take('ping').length, 1)
  await clock.advance(3000)
  assert.equal(states.at(-1), 'recovering')
})
