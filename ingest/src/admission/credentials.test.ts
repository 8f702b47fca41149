import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mintToken } from '@weir/mesh'
import { bareIngest, tokenFor } from '../../test/fake-stream.ts'
import { secret } from '../../test/secret.ts'

const item = JSON.stringify({ subject: 'rooms.r1' })
const json = { 'content-type': 'application/json' }
const grant = { tenant: 'main', subject: 'p', publish: ['>'], subscribe: [], ttlSeconds: 600 }
const { post, stream } = await bareIngest()

const unsigned = [
  { alg: 'none', typ: 'JWT' },
  { iss: 'weir', aud: 'weir', sub: 'p', exp: 9e9, weir: { publish: ['>'] } },
]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.')

const refused: readonly (readonly [string, string, string])[] = [
  ['no token', '', 'unauthenticated'],
  ['another scheme', 'Digest abc', 'unauthenticated'],
  ['nonsense', 'Bearer abc', 'unauthenticated'],
  ['alg none', `Bearer ${unsigned}.`, 'unauthenticated'],
  ['a foreign key', `Bearer ${await mintToken(`not ${secret}`, grant)}`, 'unauthenticated'],
  ['a wrong issuer', `Bearer ${await mintToken(secret, { ...grant, issuer: 'other' })}`, 'unauthenticated'],
  ['a wrong audience', `Bearer ${await mintToken(secret, { ...grant, audience: 'other' })}`, 'unauthenticated'],
  ['an expired token', `Bearer ${await mintToken(secret, { ...grant, ttlSeconds: -60 })}`, 'token_expired'],
  ['a basic user without a password', `Basic ${btoa('user')}`, 'unauthenticated'],
]

for (const [name, authorization, code] of refused) {
  test(`${name} is answered with 401 before the body is looked at`, async () => {
    const answer = await post('/v1/events', 'no json', { 'content-type': 'none', authorization })
    assert.equal(answer.status, 401)
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer')
    assert.equal(((await answer.json()) as { code: string }).code, code)
  })
}

test('a token comes as the password of basic authentication too', async () => {
  const token = await mintToken(secret, grant)
  const answer = await post('/v1/events', item, { ...json, authorization: `Basic ${btoa(`any:${token}`)}` })
  assert.equal(answer.status, 200)
})

test('a token in the query is none', async () => {
  const token = await mintToken(secret, grant)
  const answer = await post(`/v1/events?token=${token}&access_token=${token}`, item, { ...json, authorization: '' })
  assert.equal(answer.status, 401)
})

test('a subject that is not granted is 403 alone, and rejected by itself in a batch', async () => {
  const authorization = `Bearer ${await tokenFor(['rooms.*.climate', 'doors.>'])}`
  const alone = await post('/v1/events', item, { ...json, authorization })
  assert.equal(alone.status, 403)
  assert.equal(((await alone.json()) as { code: string }).code, 'forbidden')
  const before = stream.messages.length
  const items = ['rooms.r1', 'rooms.r1.climate', 'rooms.r1.climate.x', 'doors', 'doors.d.e'].map((subject) => ({
    subject,
  }))
  const batch = await post('/v1/events', JSON.stringify(items), { ...json, authorization })
  assert.equal(batch.status, 200)
  const { accepted, rejected } = (await batch.json()) as {
    accepted: number
    rejected: { index: number; code: string }[]
  }
  assert.equal(accepted, 2)
  assert.deepEqual(
    rejected.map(({ index, code }) => [index, code]),
    [
      [0, 'forbidden'],
      [2, 'forbidden'],
      [3, 'forbidden'],
    ],
  )
  assert.deepEqual(
    stream.messages.slice(before).map(({ subject }) => subject),
    ['ev.main.rooms.r1.climate', 'ev.main.doors.d.e'],
  )
})

test('a token of another tenant stores in the stream of that tenant', async () => {
  const authorization = `Bearer ${await mintToken(secret, { ...grant, tenant: 'acme' })}`
  await post('/v1/events', item, { ...json, authorization })
  assert.equal(stream.messages.at(-1)?.subject, 'ev.acme.rooms.r1')
})
