import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { create, toBinary } from '@bufbuild/protobuf'
import { defaultTenantSpec, mintToken, provisionTenant } from '@weir/mesh'
import { EventBatchSchema } from '@weir/proto'
import { type RunningIngest, startIngest } from '../test/running-ingest.ts'
import { secret } from '../test/secret.ts'

let ingest: RunningIngest

before(async () => {
  ingest = await startIngest()
})
after(() => ingest.stop())

test('one JSON item is in the stream when 200 comes', async () => {
  const answer = await ingest.post('/v1/events', JSON.stringify({ subject: 'a.one', type: 't', data: { x: 1 } }), {
    'content-type': 'application/json',
  })
  assert.equal(answer.status, 200)
  assert.deepEqual(await answer.json(), { accepted: 1, duplicates: 0 })
  const stored = (await ingest.stored()).at(-1)
  assert.equal(stored?.subject, 'a.one')
  assert.equal(stored?.event.type, 't')
  assert.deepEqual(stored?.event.data, { case: 'json', value: '{"x":1}' })
  assert.match(stored?.event.id ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  assert.ok(stored?.messageId.startsWith(`${stored.event.id}:`))
})

test('a tenant without a stream is 404 at once, and is taken when it has been made', async () => {
  const grants = { tenant: 'acme', subject: 'p', publish: ['>'], subscribe: [], ttlSeconds: 600 }
  const authorization = `Bearer ${await mintToken(secret, grants)}`
  const send = (): Promise<Response> =>
    ingest.post('/v1/events', '{"subject":"a"}', { 'content-type': 'application/json', authorization })
  const began = Date.now()
  const answer = await send()
  assert.equal(answer.status, 404)
  assert.match(await answer.text(), /weir tenant create acme/)
  assert.ok(Date.now() - began < 2_000)
  await provisionTenant(ingest.direct, 'acme', defaultTenantSpec)
  const deadline = Date.now() + 30_000
  let status = 404
  while (status !== 200 && Date.now() < deadline) {
    await sleep(500)
    status = (await send()).status
  }
  assert.equal(status, 200)
})

test('a Protobuf batch', async () => {
  const batch = create(EventBatchSchema, {
    items: [
      { subject: 'p.1', event: { id: 'p-1', data: { case: 'reading', value: { metrics: { t: 1.5 } } } } },
      { subject: 'p..2', event: {} },
      { subject: 'p.3', event: {} },
    ],
  })
  const answer = await ingest.post('/v1/events', toBinary(EventBatchSchema, batch), {
    'content-type': 'application/x-protobuf',
  })
  assert.equal(answer.status, 200)
  const body = (await answer.json()) as { accepted: number; rejected: { index: number; code: string }[] }
  assert.equal(body.accepted, 2)
  assert.deepEqual(
    body.rejected.map(({ index, code }) => [index, code]),
    [[1, 'malformed']],
  )
})
