import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closeCode, Start, WeirError } from '@weir/proto'
import { settle } from '../../test/fake-clock.ts'
import { welcome } from '../../test/fake-hub.ts'
import { jwt } from '../../test/jwt.ts'
import { Reader, testWeir } from '../../test/weir.ts'
import { type ConnectionSnapshot, snapshotsOf } from '../session/connection-snapshot.ts'
import { useConnection } from '../svelte.ts'
import { expiryMs } from '../token/token-source.ts'

test('an expired token is not used again', async () => {
  const tokens = ['a', 'b'].map((name) => `e30.${btoa(JSON.stringify({ exp: 4e9, jti: name }))}.s`)
  const { hub, weir, clock } = testWeir({ getToken: () => tokens.shift() ?? '' })
  const [first, second] = tokens
  weir.subscribe({ mode: 'LATEST' })
  const socket = await hub.welcome()
  assert.equal(socket.take('hello')[0]?.token, first)
  await socket.cut()
  await clock.advance(500)
  assert.equal((await hub.welcome()).take('hello')[0]?.token, first)
  await hub.socket.cut(closeCode('token_expired'), 'Expired.')
  await clock.advance(1000)
  assert.equal((await hub.welcome()).take('hello')[0]?.token, second)
})

test('the token is renewed in band before it expires', async () => {
  let asked = 0
  const { hub, weir, clock } = testWeir({ getToken: () => `token-${++asked}` })
  weir.subscribe({ mode: 'LATEST' })
  const socket = await hub.welcome(welcome({ tokenExpires: 1_769_860_800 + 300 }))
  assert.equal(socket.take('hello')[0]?.token, 'token-1')
  for (let beat = 0; beat < 24; beat++) {
    await clock.advance(10_000)
    await socket.say({ case: 'pong', value: {} })
  }
  assert.deepEqual(
    socket.take('renew').map(({ token }) => token),
    ['token-2'],
  )
})

test('a renewal that fails is told and tried again, and the connection goes on', async () => {
  const given = ['first', new Error('no network'), 'third']
  const { hub, weir, clock, states } = testWeir({
    getToken: () => {
      const next = given.shift() ?? ''
      if (next instanceof Error) throw next
      return next
    },
  })
  const shown = new Set<ConnectionSnapshot>()
  useConnection(weir).subscribe((snapshot) => shown.add(snapshot))
  const reader = new Reader(weir.subscribe({ mode: 'LATEST' }))
  const socket = await hub.welcome(welcome({ tokenExpires: 1_769_860_800 + 300, heartbeatMs: 1_000_000 }))
  await socket.subscribed(1, Start.SNAPSHOT, 1, 0)
  await clock.advance(240_000)
  const read = snapshotsOf(weir.connection)
  assert.equal(read(), read(), 'what has not changed is the same object')
  assert.equal(weir.connection.tokenError?.code, 'unavailable')
  assert.deepEqual(weir.connection.tokenError?.cause, new Error('no network'))
  // Watchers are told; loops are not, as the state is what it was.
  assert.deepEqual(states, ['connecting', 'live', 'live'])
  assert.deepEqual(reader.states, ['live'])
  assert.deepEqual(socket.take('renew'), [])
  await clock.advance(10_000)
  assert.deepEqual(tokensOf(socket.take('renew')), ['third'])
  assert.equal(weir.connection.tokenError, undefined)
  assert.deepEqual(states, ['connecting', 'live', 'live', 'live'])
  assert.deepEqual(
    [...shown].map(({ state, tokenError }) => [state, tokenError?.code]),
    [
      ['connecting', undefined],
      ['live', undefined],
      ['live', 'unavailable'],
      ['live', undefined],
    ],
  )
})

test('a Renew that the hub refuses is told, and another token is asked for', async () => {
  let asked = 0
  const { hub, weir, clock } = testWeir({ getToken: () => `token-${++asked}` })
  weir.subscribe({ mode: 'LATEST' })
  const socket = await hub.welcome(welcome({ tokenExpires: 1_769_860_800 + 300, heartbeatMs: 1_000_000 }))
  await clock.advance(240_000)
  assert.deepEqual(tokensOf(socket.take('renew')), ['token-2'])
  await socket.say({ case: 'refused', value: { id: 0, code: 'forbidden', message: 'Of somebody else.' } })
  assert.deepEqual(weir.connection.tokenError, new WeirError('forbidden', 'Of somebody else.'))
  assert.equal(socket.closedBy(), undefined)
  await clock.advance(10_000)
  assert.deepEqual(tokensOf(socket.take('renew')), ['token-3'])
  assert.equal(weir.connection.tokenError, undefined)
})

test('a token that expires while there is no network is not used when it is back', async () => {
  let asked = 0
  const { hub, weir, clock } = testWeir({ getToken: () => jwt(clock.now() + 300_000, ++asked) })
  weir.subscribe({ mode: 'LATEST' })
  const socket = await hub.welcome()
  const [first] = tokensOf(socket.take('hello'))
  await socket.cut()
  for (let minute = 0; minute < 10; minute++) {
    await clock.advance(60_000)
    await hub.socket.cut()
  }
  const before = asked
  await clock.advance(30_000)
  const second = (await hub.welcome()).take('hello')[0]?.token
  assert.notEqual(second, first)
  assert.ok(expiryMs(second ?? '') ?? 0 > clock.now())
  // Attempts that fail do not ask for a token each.
  assert.ok(before <= 4, `${before} tokens for ten minutes`)
})

test('getToken that fails is asked again; a WeirError for good is the end', async () => {
  let asked = 0
  const { hub, weir, clock, states } = testWeir({
    getToken: () => {
      if (++asked === 1) throw new Error('no network')
      throw new WeirError('unauthenticated', 'Signed out.')
    },
  })
  const reader = new Reader(weir.subscribe({ mode: 'LATEST' }))
  await settle()
  assert.deepEqual(states, ['connecting', 'offline'])
  await clock.advance(500)
  assert.deepEqual(states, ['connecting', 'offline', 'closed'])
  assert.equal(reader.error?.message, 'Signed out.')
  assert.equal(hub.sockets.length, 0)
})

test('a refused token is asked for once more: the next one may be good', async () => {
  const given = ['old', 'new', 'later']
  const { hub, weir, states } = testWeir({ getToken: () => given.shift() ?? '' })
  const reader = new Reader(weir.subscribe({ mode: 'ALL' }))
  await settle()
  hub.socket.opened()
  assert.equal(hub.socket.take('hello')[0]?.token, 'old')
  await hub.socket.cut(closeCode('unauthenticated'), 'The key is unknown.')
  const second = await hub.welcome()
  assert.equal(second.take('hello')[0]?.token, 'new')
  await second.subscribed(1, Start.HEAD, 1, 0)
  assert.deepEqual([states.at(-1), reader.done], ['live', false])
  // A refusal long afterwards is the first one again.
  await second.cut(closeCode('unauthenticated'), 'The key is unknown.')
  assert.equal(hub.sockets.length, 3)
})

test('a token that is refused twice in a row ends everything', async () => {
  const { hub, weir, states } = testWeir()
  const reader = new Reader(weir.subscribe({ mode: 'LATEST' }))
  for (let time = 0; time < 2; time++) {
    await settle()
    hub.socket.opened()
    await hub.socket.cut(closeCode('unauthenticated'), 'No.')
  }
  assert.deepEqual([hub.sockets.length, states.at(-1), reader.error?.code], [2, 'closed', 'unauthenticated'])
})

test('a token that cannot be replaced ends the connection once it is refused, and says why', async () => {
  for (const code of ['token_expired', 'unauthenticated'] as const) {
    const { hub, weir, states } = testWeir({ token: 'the only one' })
    const reader = new Reader(weir.subscribe({ mode: 'ALL' }))
    const socket = await hub.welcome()
    assert.deepEqual(tokensOf(socket.take('hello')), ['the only one'])
    await socket.subscribed(1, Start.HEAD, 1, 0)
    await socket.cut(closeCode(code), 'Get a new one.')
    assert.deepEqual([states.at(-1), weir.connection.error?.code, reader.error?.code], ['closed', code, code])
    assert.equal(hub.sockets.length, 1)
  }
})

test('a function that gives the expired token again is asked until it gives another', async () => {
  let token = 'old'
  const { hub, weir, clock, states } = testWeir({ getToken: () => token })
  weir.subscribe({ mode: 'ALL' })
  for (let time = 0; time < 5; time++) {
    await settle()
    hub.socket.opened()
    await hub.socket.cut(closeCode('token_expired'), 'Get a new one.')
    assert.deepEqual([states.at(-1), weir.connection.error?.code], ['offline', 'token_expired'])
    if (time === 4) token = 'new'
    await clock.advance((weir.connection.retryAtMs ?? 0) - clock.now())
  }
  assert.deepEqual(tokensOf((await hub.welcome()).take('hello')), ['new'])
})

function tokensOf(frames: readonly { readonly token: string }[]): readonly string[] {
  return frames.map(({ token }) => token)
}
