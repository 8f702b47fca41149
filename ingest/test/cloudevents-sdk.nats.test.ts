import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CloudEvent, emitterFor, HTTP, type Message, Mode } from 'cloudevents'
import { type RunningIngest, startIngest } from './running-ingest.ts'

// The `cloudevents` SDK with the platform's fetch as its transport.

let ingest: RunningIngest

before(async () => {
  ingest = await startIngest()
})
after(() => ingest.stop())

async function send({ headers, body }: Message): Promise<void> {
  const answer = await ingest.post('/v1/events', String(body), headers as Record<string, string>)
  assert.equal(answer.status, 200, await answer.text())
}

for (const [name, mode, id] of [
  ['binary', Mode.BINARY, 'c-1'],
  ['structured', Mode.STRUCTURED, 'c-2'],
] as const) {
  test(`${name} mode`, async () => {
    const event = new CloudEvent({
      id,
      source: '/shop',
      type: 'com.example.order.created',
      subject: 'orders.o-7',
      time: '2026-01-31T12:00:00.250Z',
      region: 'north',
      data: { order: 7, note: 'ä' },
    })
    await emitterFor(send, { mode })(event)
    await emitterFor(send, { mode })(event)

    const stored = (await ingest.stored()).filter((one) => one.event.id.endsWith(id))
    assert.equal(stored.length, 1)
    const [{ subject, event: kept } = assert.fail('nothing is stored')] = stored
    assert.equal(subject, 'orders.o-7')
    assert.equal(kept.id, `/shop|${id}`)
    assert.equal(kept.source, '/shop')
    assert.equal(kept.type, 'com.example.order.created')
    assert.deepEqual({ ...kept.labels }, { region: 'north' })
    assert.deepEqual(kept.data, { case: 'json', value: '{"order":7,"note":"ä"}' })
    assert.equal(kept.time?.nanos, 250_000_000)
  })
}

test('binary mode with bytes of another type', async () => {
  const event = new CloudEvent({
    id: 'c-4',
    source: '/scanner',
    type: 'page',
    datacontenttype: 'text/plain',
    data: 'no paper',
  })
  await emitterFor(send, { mode: Mode.BINARY })(event)
  const kept = (await ingest.stored()).at(-1)
  assert.equal(kept?.subject, 'page')
  assert.equal(kept?.event.data.case === 'binary' && new TextDecoder().decode(kept.event.data.value.data), 'no paper')
})

test('batch mode, sent again after a lost answer, with an event that is too large', async () => {
  const events = [
    new CloudEvent({ id: 'c-5', source: '/shop', type: 'tick', data: { text: 'fine' } }),
    new CloudEvent({ id: 'c-6', source: '/shop', type: 'tick', data: { text: 'x'.repeat(300_000) } }),
    new CloudEvent({ id: 'c-7', source: '/shop', type: 'tick' }),
  ]
  const body = `[${events.map((event) => HTTP.structured(event).body).join(',')}]`
  for (const duplicates of [0, 2]) {
    const answer = await ingest.post('/v1/events', body, { 'content-type': 'application/cloudevents-batch+json' })
    const { rejected = [], ...counts } = (await answer.json()) as { rejected?: { index: number; code: string }[] }
    assert.deepEqual(counts, { accepted: 2, duplicates })
    assert.deepEqual(
      rejected.map(({ index, code }) => [index, code]),
      [[1, 'too_large']],
    )
  }
})
