import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '../../test/fake-clock.ts'
import { batchFrame } from '../../test/fake-hub.ts'
import { Reader, testWeir } from '../../test/weir.ts'

test('a server that speaks something else, or nonsense, is no hub', async () => {
  for (const meet of [
    async (hub: ReturnType<typeof testWeir>['hub']) => hub.socket.opened(''),
    async (hub: ReturnType<typeof testWeir>['hub']) => {
      hub.socket.opened()
      await hub.socket.say(batchFrame(1, 0, 1))
    },
    async (hub: ReturnType<typeof testWeir>['hub']) => {
      await hub.welcome()
      await hub.socket.sayRaw(new Uint8Array([0xff]))
    },
  ]) {
    const { hub, weir, clock } = testWeir()
    weir.subscribe({ mode: 'LATEST' })
    await settle()
    await meet(hub)
    assert.equal(hub.socket.closedBy(), 4000)
    assert.equal(weir.connection.error?.code, 'unavailable')
    await clock.advance(500)
    assert.equal(hub.sockets.length, 2)
  }
})

test('an address that this runtime will not open is the end', async () => {
  const { weir, hub, clock, states } = testWeir()
  hub.refuses = new SyntaxError('mixed content')
  const reader = new Reader(weir.subscribe({ mode: 'LATEST' }))
  await settle()
  assert.deepEqual(states, ['connecting', 'closed'])
  assert.equal(reader.error?.cause, hub.refuses)
  assert.equal(clock.waiting, 0)
})

test('an address that is no hub’s is given up with what answered there', async () => {
  const asked: string[] = []
  const { hub, weir, clock } = testWeir({
    url: 'ws://hub.test/wrong',
    fetch: async (url) => {
      asked.push(url)
      return new Response('Not Found', { status: 404 })
    },
  })
  const reader = new Reader(weir.subscribe({ mode: 'LATEST' }))
  for (let attempt = 0; attempt < 10 && !reader.done; attempt++) {
    await settle()
    await hub.socket.cut()
    await clock.advance(30_000)
  }
  assert.equal(hub.sockets.length, 3)
  assert.deepEqual(
    asked,
    Array.from({ length: 3 }, () => 'http://hub.test/wrong/v1/ws'),
  )
  assert.equal(reader.error?.code, 'not_found')
  assert.match(
    reader.error?.message ?? '',
    /no hub at this address: http:\/\/hub\.test answered 404 .* \/wrong\/v1\/ws/,
  )
})

test('a hub that was there once is waited for, whatever answers in its place meanwhile', async () => {
  const { hub, weir, clock } = testWeir({ fetch: async () => new Response('', { status: 404 }) })
  weir.subscribe({ mode: 'LATEST' })
  await hub.welcome()
  await hub.socket.cut()
  for (let attempt = 0; attempt < 8; attempt++) {
    await clock.advance(30_000)
    await hub.socket.cut()
  }
  assert.equal(weir.connection.state, 'offline')
  assert.equal(weir.connection.error?.code, 'not_found')
})

test('a hub that refuses, a busy proxy and silence are waited for', async () => {
  for (const status of [400, 403, 426, 429, 500, 502, 503, 504]) {
    const { hub, weir, clock } = testWeir({ fetch: async () => new Response('', { status }) })
    weir.subscribe({ mode: 'LATEST' })
    for (let attempt = 0; attempt < 5; attempt++) {
      await settle()
      await hub.socket.cut()
      await clock.advance(500 * 2 ** attempt)
    }
    assert.deepEqual([weir.connection.state, hub.sockets.length], ['offline', 6], String(status))
  }
})

test('several addresses are tried in turn, and one that works is kept', async () => {
  const { hub, weir, clock } = testWeir({ url: ['ws://a.test', 'ws://b.test'] })
  weir.subscribe({ mode: 'LATEST' })
  await settle()
  const tried = [hub.socket.url]
  const next = async (): Promise<void> => {
    await hub.socket.cut()
    await clock.advance(500 * 2 ** (tried.length - 1))
    tried.push(hub.socket.url)
  }
  await next()
  await next()
  await next()
  await hub.welcome()
  await next()
  assert.deepEqual(
    tried.map((url) => url.slice(5, 6)),
    ['a', 'b', 'a', 'b', 'b'],
  )
})
