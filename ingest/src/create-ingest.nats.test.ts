import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { EventBatchSchema } from '@weir/proto'
import { type RunningIngest, startIngest } from '../test/running-ingest.ts'

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
