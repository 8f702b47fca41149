import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConnectionFacts, connectionSaid } from './connection-words.ts'
import { identityOf } from './identity.ts'

const facts: ConnectionFacts = {
  state: 'live',
  signedOut: false,
  lostAtMs: undefined,
  attempt: 0,
  retryAtMs: undefined,
  conflated: 0,
  errorCode: undefined,
  tokenError: undefined,
  nowMs: 1_000_000,
}
const said = (some: Partial<ConnectionFacts>): string => {
  const { word, detail, cure } = connectionSaid({ ...facts, ...some })
  return [word, detail, cure].filter(Boolean).join(' | ')
}

test('every state is said in words, with what comes next', () => {
  assert.equal(said({}), 'Live')
  assert.equal(said({ state: 'behind', conflated: 1_204 }), 'Behind | by 1,204')
  assert.equal(said({ state: 'recovering' }), 'Synchronising')
  assert.equal(said({ state: 'connecting' }), 'Connecting')
  // Nothing is connected to, and after a sign-out nothing is live, whatever was.
  assert.equal(said({ state: 'connecting', signedOut: true }), 'Not signed in')
  assert.equal(said({ state: 'live', signedOut: true }), 'Not signed in')
  const lostAtMs = Date.UTC(2026, 0, 1, 12, 0)
  const since = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(lostAtMs)
  assert.equal(
    said({ state: 'offline', lostAtMs, attempt: 3, retryAtMs: 1_004_200 }),
    `Offline | since ${since} · attempt 3 · next in 5 s | retry`,
  )
  assert.equal(said({ state: 'offline', lostAtMs, attempt: 3 }), `Offline | since ${since} · attempt 4 · trying now`)
})

test('a connection that is closed for good says what cures it', () => {
  const token = 'Closed | Your token is not good any more. Sign in with another one | signIn'
  assert.equal(said({ state: 'closed', errorCode: 'token_expired' }), token)
  assert.equal(said({ state: 'closed', errorCode: 'token_expired', tokenError: 'No.' }), token)
  assert.match(said({ state: 'closed', errorCode: 'forbidden' }), /Ask for one that grants it \| signIn$/)
  assert.match(said({ state: 'closed', errorCode: 'draining' }), /going away\. Load the page again \| reload$/)
  assert.match(said({ state: 'closed' }), /ended for good\. Load the page again \| reload$/)
})

test('a token that could not be renewed is said while all goes on, with what cures it', () => {
  const { hint, tone } = connectionSaid({ ...facts, tokenError: 'Of somebody else.' })
  assert.match(hint, /could not be renewed \(Of somebody else\.\)/)
  assert.equal(tone, 'warn')
  assert.equal(said({ tokenError: 'No.' }), 'Live | token not renewed | signIn')
  assert.equal(said({ state: 'behind', conflated: 2, tokenError: 'No.' }), 'Behind | by 2 · token not renewed | signIn')
})

test('a token says who it is for, and what is none says nothing', () => {
  const token = (claims: object): string => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`
  assert.deepEqual(
    identityOf(
      token({ sub: 'ñandú', exp: 2, weir: { tenant: 't', publish: ['a.>'], subscribe: ['{sub}.>'], admin: true } }),
    ),
    {
      subject: 'ñandú',
      tenant: 't',
      publish: ['a.>'],
      subscribe: ['ñandú.>'],
      admin: true,
      endsAtMs: 2000,
    },
  )
  for (const bad of ['', 'x', 'a.b.c', 'a.!!.c']) assert.equal(identityOf(bad), undefined)
})
