import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closeCode, Start } from '@weir/proto'
import { settle } from '../../test/fake-clock.ts'
import { batchFrame, type FakeSocket } from '../../test/fake-hub.ts'
import { type TestWeir, testWeir } from '../../test/weir.ts'
import type { Subscription } from './subscription.ts'

test('each handler is given the items of its type, in order', async () => {
  const { subscription, socket } = await setUp()
  const seen: string[] = []
  subscription
    .on('entry', ({ subject }) => seen.push(subject))
    .on('removed', ({ subject, reason }) => seen.push(`-${subject} ${reason}`))
    .on('gap', ({ from, to }) => seen.push(`${from}-${to}`))
    .on('state', ({ state }) => seen.push(state))
  await socket.say(batchFrame(1, 0, 2, { 1: 'a', 2: '-a' }))
  await socket.say({ case: 'gap', value: { id: 1, from: 2n, to: 5n, reason: 'retention' } })
  assert.deepEqual(seen, ['live', 'a', '-a expired', '2-5'])
})

test('a handler that returns a promise holds the next item back, and with it the credit', async () => {
  const { subscription, socket, clock } = await setUp()
  const seen: number[] = []
  let release = (): void => {}
  subscription.on('entry', ({ seq }) => {
    seen.push(seq)
    return new Promise<void>((resolve) => {
      release = resolve
    })
  })
  await socket.say(batchFrame(1, 0, 1, { 1: 'a' }))
  await socket.say(batchFrame(1, 1, 2, { 2: 'a' }))
  await clock.advance(1000)
  assert.deepEqual(seen, [1])
  assert.equal(socket.take('ack').length, 0)
  release()
  await settle()
  await clock.advance(200)
  assert.deepEqual(seen, [1, 2])
  assert.equal(socket.take('ack').length, 1)
})

test('what a handler throws is thrown outside, and the next item comes', async (t) => {
  const { subscription, socket } = await setUp()
  const thrown = outside(t)
  const seen: number[] = []
  subscription.on('entry', async ({ seq }) => {
    seen.push(seq)
    if (seq === 1) throw new Error('the first')
  })
  await socket.say(batchFrame(1, 0, 2, { 1: 'a', 2: 'a' }))
  await settle()
  assert.deepEqual(seen, [1, 2])
  assert.deepEqual(thrown.map(String), ['Error: the first'])
})

test('the end is told, and the error that ended it', async () => {
  const first = await setUp()
  const told: string[] = []
  first.subscription.on('end', () => told.push('end')).on('error', () => told.push('error'))
  await settle()
  first.subscription.close()
  await settle()
  const second = await setUp()
  second.subscription.on('end', () => told.push('end')).on('error', ({ code }) => told.push(code))
  await second.socket.cut(closeCode('revoked'), 'No.')
  assert.deepEqual(told, ['end', 'revoked'])
})

test('an error that nobody handles is thrown outside', async (t) => {
  const { subscription, socket } = await setUp()
  const thrown = outside(t)
  subscription.on('entry', () => {})
  await socket.cut(closeCode('revoked'), 'No.')
  await settle()
  assert.deepEqual(thrown.map(String), ['WeirError: No.'])
})

async function setUp(): Promise<Pick<TestWeir, 'clock'> & { subscription: Subscription; socket: FakeSocket }> {
  const { weir, hub, clock } = testWeir()
  const subscription = weir.subscribe({ mode: 'ALL' })
  const socket = await hub.welcome()
  await socket.subscribed(1, Start.HEAD, 1, 0)
  return { subscription, socket, clock }
}

/** What is thrown in microtasks, where nobody can catch it. */
function outside(t: { after(action: () => void): void }): unknown[] {
  const thrown: unknown[] = []
  const original = globalThis.queueMicrotask
  globalThis.queueMicrotask = (task) =>
    original(() => {
      try {
        task()
      } catch (error) {
        thrown.push(error)
      }
    })
  t.after(() => {
    globalThis.queueMicrotask = original
  })
  return thrown
}
