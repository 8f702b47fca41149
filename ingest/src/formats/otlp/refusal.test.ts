import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BinaryReader } from '@bufbuild/protobuf/wire'
import { bareIngest } from '../../../test/fake-stream.ts'

const { post } = await bareIngest({ limits: { bodyBytesMax: 1000 } })

for (const path of ['/v1/metrics', '/v1/logs', '/v1/traces']) {
  test(`${path}: a refusal is a google.rpc.Status in the media type of the request`, async () => {
    const huge = 'x'.repeat(2000)
    for (const [body, headers, status, message] of [
      ['\x0a\xff', {}, 400, /^The body is not/],
      [huge, {}, 413, /./],
      ['', { authorization: 'Bearer x' }, 401, /token/],
    ] as const) {
      const protobuf = await post(path, body, { 'content-type': 'application/x-protobuf', ...headers })
      assert.equal(protobuf.status, status)
      assert.equal(protobuf.headers.get('content-type'), 'application/x-protobuf')
      const reader = new BinaryReader(new Uint8Array(await protobuf.arrayBuffer()))
      assert.deepEqual(reader.tag(), [2, 2])
      assert.match(reader.string(), message)
      assert.equal(reader.pos, reader.len)

      const json = await post(path, body, { 'content-type': 'application/json; charset=utf-8', ...headers })
      assert.equal(json.status, status)
      assert.equal(json.headers.get('content-type'), 'application/json')
      const told = (await json.json()) as { message: string }
      assert.deepEqual(Object.keys(told), ['message'])
      assert.match(told.message, message)
    }
  })
}

test('a type that is none of OTLP is refused with a problem that names those that are', async () => {
  const answer = await post('/v1/metrics', '', { 'content-type': 'text/plain' })
  assert.equal(answer.status, 415)
  assert.equal(answer.headers.get('content-type'), 'application/problem+json')
  assert.match(answer.headers.get('accept-post') ?? '', /application\/x-protobuf/)
})

test('what the status of a refusal says beside its body stays: Retry-After, and which token is missing', async () => {
  const busy = await bareIngest({ limits: { eventsPerSecond: 1, bytesPerSecond: 1 } })
  const json = { 'content-type': 'application/json' }
  await busy.post('/v1/metrics', '{"resourceMetrics":[]}', json)
  const answer = await busy.post('/v1/metrics', '{"resourceMetrics":[]}', json)
  assert.equal(answer.status, 429)
  assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/)
  assert.ok(answer.headers.has('ratelimit'))
  assert.deepEqual(Object.keys((await answer.json()) as object), ['message'])
})
