import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock, settle } from '../../test/fake-clock.ts'
import { jwt } from '../../test/jwt.ts'
import { TokenRenewal } from './token-renewal.ts'
import { expiryMs, renewAtMs, TokenSource } from './token-source.ts'

test('a token is asked for once and used until it is about to expire', async () => {
  const clock = new FakeClock()
  let asked = 0
  const tokens = new TokenSource({ getToken: () => jwt(clock.now() + 100_000, ++asked) }, clock)
  const first = await tokens.get()
  await clock.advance(79_999)
  assert.equal(await tokens.get(), first)
  await clock.advance(1)
  assert.notEqual(await tokens.get(), first)
  assert.equal(asked, 2)
})

test('a long-lived token is renewed a minute before its end', () => {
  assert.equal(renewAtMs(3_600_000, 0), 3_540_000)
  assert.equal(renewAtMs(10_000, 0), 8_000)
})

test('a token whose expiry cannot be read is asked for each time', async () => {
  let asked = 0
  const tokens = new TokenSource({ getToken: () => `opaque-${++asked}` }, new FakeClock())
  assert.equal(await tokens.get(), 'opaque-1')
  assert.equal(await tokens.get(), 'opaque-2')
})

test('a forgotten token is asked for again', async () => {
  const clock = new FakeClock()
  let asked = 0
  const tokens = new TokenSource({ getToken: () => jwt(clock.now() + 3_600_000, ++asked) }, clock)
  const first = await tokens.get()
  tokens.forget()
  assert.notEqual(await tokens.get(), first)
})

test('those who ask at the same time share one answer', async () => {
  let asked = 0
  const tokens = new TokenSource({ getToken: async () => `t${++asked}` }, new FakeClock())
  assert.deepEqual(await Promise.all([tokens.get(), tokens.get()]), ['t1', 't1'])
})

test('a failure reaches the caller and is not kept', async () => {
  let asked = 0
  const getToken = (): string => {
    if (++asked === 1) throw new Error('logged out')
    return 'token'
  }
  const tokens = new TokenSource({ getToken }, new FakeClock())
  await assert.rejects(tokens.get(), { code: 'unavailable', cause: new Error('logged out') })
  assert.equal(await tokens.get(), 'token')
})

test('what is no string is no token', async () => {
  const tokens = new TokenSource({ getToken: () => undefined as never }, new FakeClock())
  await assert.rejects(tokens.get(), { code: 'invalid', message: /not undefined/ })
})

test('a token comes by one of two ways, of which one alone can give another', async () => {
  const clock = new FakeClock()
  for (const options of [{}, { token: 'a', getToken: () => 'b' }]) {
    assert.throws(() => new TokenSource(options, clock), { code: 'invalid', message: /token or getToken/ })
  }
  const constant = new TokenSource({ token: 'a' }, clock)
  assert.equal(await constant.get(), 'a')
  assert.equal(constant.forget(), false)
  assert.equal(new TokenSource({ getToken: () => 'b' }, clock).forget(), true)
})

test('a token that stays the same is not sent to be renewed', async () => {
  const clock = new FakeClock()
  const tokens = new TokenSource({ token: jwt(clock.now() + 3_600_000, 0) }, clock)
  const renewal = new TokenRenewal(clock, tokens, { renew: () => assert.fail(), missed: () => assert.fail() })
  renewal.arm(clock.now() + 600_000)
  await clock.advance(3_600_000)
  assert.equal(clock.waiting, 0)
})

test('no token in time is a failure', async () => {
  const clock = new FakeClock()
  const tokens = new TokenSource({ getToken: () => new Promise<string>(() => {}) }, clock)
  const outcome = assert.rejects(tokens.get(), { code: 'unavailable' })
  await clock.advance(10_000)
  await outcome
  assert.equal(clock.waiting, 0)
})

test('the expiry is read from a JWT, and from nothing else', () => {
  assert.equal(expiryMs(jwt(1_769_860_800_000, 'ü?>')), 1_769_860_800_000)
  for (const text of ['', 'a', 'a.b.c', `a.${btoa('{"exp":"1"}')}.c`, `a.${btoa('null')}.c`]) {
    assert.equal(expiryMs(text), undefined)
  }
})

test('a connection gets a new token before the last one expires, again and again', async () => {
  const clock = new FakeClock()
  const given: string[] = []
  const tokens = new TokenSource({ getToken: () => jwt(clock.now() + 3_600_000, given.length) }, clock)
  const renewal = new TokenRenewal(clock, tokens, { renew: (token) => given.push(token), missed() {} })
  renewal.arm(clock.now() + 600_000)
  await clock.advance(539_999)
  assert.equal(given.length, 0)
  await clock.advance(1)
  assert.equal(given.length, 1)
  await clock.advance(3_540_000)
  assert.equal(given.length, 2)
  renewal.end()
  await clock.advance(10_000_000)
  assert.equal(given.length, 2)
})

test('a renewal that fails is tried again; a clock that is wrong makes no storm', async () => {
  const clock = new FakeClock()
  let asked = 0
  const missed: unknown[] = []
  const getToken = (): string => {
    asked++
    throw new Error('no network')
  }
  const tokens = new TokenSource({ getToken }, clock)
  const renewal = new TokenRenewal(clock, tokens, {
    renew: () => assert.fail(),
    missed: (error) => missed.push(error?.code),
  })
  renewal.arm(clock.now() - 3_600_000)
  await clock.advance(100_000)
  assert.equal(asked, 10)
  assert.deepEqual(missed, Array(10).fill('unavailable'))
  renewal.end()
})

test('a token that comes after the end is not sent', async () => {
  const clock = new FakeClock()
  let resolve = (_: string) => {}
  const promise = new Promise<string>((given) => {
    resolve = given
  })
  const renewed: string[] = []
  const renewal = new TokenRenewal(clock, new TokenSource({ getToken: () => promise }, clock), {
    renew: (token) => renewed.push(token),
    missed() {},
  })
  renewal.arm(clock.now())
  await clock.advance(10_000)
  renewal.end()
  resolve('late')
  await settle()
  assert.equal(clock.waiting, 0)
  assert.deepEqual(renewed, [])
})
