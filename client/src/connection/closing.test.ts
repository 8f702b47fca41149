import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closeCode, Start, WeirError } from '@weir/proto'
import { settle } from '../../test/fake-clock.ts'
import { batchFrame, subscribedFrame, welcome } from '../../test/fake-hub.ts'
import { Reader, testWeir } from '../../test/weir.ts'

test('a code of 3500 to 3999 ends everything: the iterables throw it', async () => {
  const { hub, weir, clock, states } = testWeir()
  const readers = [
    new Reader(weir.subscribe({ mode: 'LATEST' })),
    new Reader(weir.subscribe({ filter: 'a', mode: 'LATEST' })),
  ]
  const socket = await hub.welcome()
  await socket.cut(closeCode('revoked'), 'The token was revoked.')
  await clock.advance(100_000)
  assert.equal(hub.sockets.length, 1)
  assert.deepEqual(states, ['connecting', 'closed'])
  for (const { error } of readers) assert.deepEqual(error, new WeirError('revoked', 'The token was revoked.'))
  assert.throws(() => weir.subscribe({ mode: 'LATEST' }), { code: 'conflict' })
})

test('close ends the loops and the connection, and leaves no timer', async () => {
  const { hub, weir, clock, states } = testWeir()
  const reader = new Reader(weir.subscribe({ mode: 'LATEST' }))
  const socket = await hub.welcome()
  await socket.subscribed(1, Start.SNAPSHOT, 1, 0)
  weir.close()
  await settle()
  assert.ok(reader.done)
  assert.equal(reader.error, undefined)
  assert.equal(socket.closedBy(), 1000)
  assert.deepEqual(states, ['connecting', 'live', 'closed'])
  assert.equal(clock.waiting, 0)
})

test('close while the next attempt waits makes none, and leaves no timer', async () => {
  const { hub, weir, clock } = testWeir()
  weir.subscribe({ mode: 'LATEST' })
  await settle()
  await hub.socket.cut()
  weir.close()
  assert.equal(clock.waiting, 0)
})

test('close leaves no timer behind a full window or a refusal for now, nor does a loss', async () => {
  for (const lose of [false, true]) {
    const { hub, weir, clock } = testWeir()
    const [full, refused] = [
      weir.subscribe({ filter: 'a', mode: 'LATEST' }),
      weir.subscribe({ filter: 'b', mode: 'LATEST' }),
    ]
    const socket = await hub.welcome(welcome({ windowBytes: 100 }))
    const [first, second] = socket.take('subscribe')
    await socket.say(subscribedFrame(first?.id ?? 0, 1, Start.SNAPSHOT, 1, 0))
    await socket.say({ case: 'refused', value: { id: second?.id ?? 0, code: 'unavailable', message: 'Later.' } })
    await socket.say(batchFrame(1, 0, 1, { 1: 'x'.repeat(90) }))
    assert.equal(weir.connection.state, 'behind')
    if (lose) await socket.cut()
    weir.close()
    assert.equal(clock.waiting, 0)
    for (const subscription of [full, refused]) subscription.close()
  }
})

test('close while a token is being asked for opens nothing', async () => {
  for (const getToken of [async () => 'token', () => Promise.reject(new Error('no network'))]) {
    const { hub, weir, clock } = testWeir({ getToken })
    weir.subscribe({ mode: 'LATEST' })
    weir.close()
    await settle()
    assert.equal(hub.sockets.length, 0)
    assert.equal(clock.waiting, 0)
  }
})
