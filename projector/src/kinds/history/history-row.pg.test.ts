import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { type Event, EventSchema, encodeEvent, eventToJson } from '@weir/proto'
import fc from 'fast-check'
import { onEachDatabase } from '../../../test/each-database.ts'
import { queryHistory } from '../../db/history-query.ts'
import { HistoryTable } from '../../db/history-table.ts'
import { EventRecord } from '../../event/event-record.ts'
import { historyRow } from './history-row.ts'

type EventInit = MessageInitShape<typeof EventSchema>

const storedAtMs = Date.UTC(2026, 0, 31, 12)

function recordOf(seq: number, init: EventInit, more: readonly number[] = []): EventRecord {
  const bytes = Uint8Array.of(...encodeEvent(create(EventSchema, init)), ...more)
  return new EventRecord('a.b', 1, seq, storedAtMs, bytes)
}

function reading(metrics: Record<string, number>) {
  return { id: 'e', data: { case: 'reading' as const, value: { metrics } } }
}

test('of a reading and an event without data the JSON alone is kept', () => {
  const time = { seconds: 1_769_860_800n, nanos: 123_456_789 }
  for (const init of [
    { ...reading({ celsius: 21.5, load: 1e-300 }), time, labels: { 'service.name': 'x' } },
    { id: 'nothing' },
  ] as const) {
    assert.equal(historyRow(recordOf(1, init)).event, null)
  }
})

test('of JSON data its bytes are kept beside the JSON, and none of what else the event says', () => {
  const data = { case: 'json', value: '{"b":1e2,"a":1}' } as const
  const whole = recordOf(1, { id: 'e', type: 't', labels: { a: 'b' }, time: { seconds: 1n, nanos: 5 }, data })
  assert.deepEqual(historyRow(whole).event, recordOf(1, { data }).payload)
})

test('all bytes are kept of what JSON has no text for, and of fields of a newer schema', () => {
  const newerField = [0xa0, 0x06, 0x01]
  // A reading with a metric whose entry has a third field.
  const newerEntry = [0x52, 0x10, 0x0a, 0x0e, 0x0a, 0x01, 0x62, 0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x18, 0x01]
  const records = [
    recordOf(1, { id: 'e', labels: { nul: '\0' }, data: { case: 'json', value: '{}' } }),
    recordOf(1, { id: 'e', data: { case: 'json', value: '{}' } }, newerField),
    recordOf(1, reading({ zero: -0 })),
    recordOf(1, { ...reading({ a: 1 }), labels: { nul: '\0' } }),
    recordOf(1, { ...reading({ a: 1 }), time: { seconds: 1n << 60n, nanos: 0 } }),
    recordOf(1, { data: { case: 'reading', value: { integers: { alone: 7n } } } }),
    recordOf(1, reading({ a: 1 }), newerField),
    recordOf(1, {}, newerEntry),
    recordOf(1, { data: { case: 'stateChange', value: { entity: 'o1', to: 'b' } } }),
  ]
  for (const record of records) assert.deepEqual(historyRow(record).event, record.payload)
})

onEachDatabase((database) => {
  let tenants = 0

  before(async () => {
    await new HistoryTable(database(), 'any').open()
  })

  test('whatever event is stored comes back as it was', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', '__proto__', '1', '\0', 'ä€😀', '\'"\\,{}'),
    )
    const map = <Value>(value: fc.Arbitrary<Value>) => fc.dictionary(text, value, { maxKeys: 4, noNullPrototype: true })
    const time = fc.record({ seconds: fc.bigInt(-70_000_000_000n, 260_000_000_000n), nanos: fc.nat(999_999_999) })
    const value = fc.oneof(fc.double(), fc.constantFrom(5e-324, Number.MAX_VALUE, -0, 0.1, 1e21))
    const data = fc.oneof(
      fc
        .record({
          metrics: map(value),
          units: map(text),
          times: map(time),
          integers: map(fc.bigInt(-(1n << 63n), (1n << 63n) - 1n)),
        })
        .map((value) => ({ case: 'reading' as const, value })),
      fc
        .record({ entity: text, to: text, code: fc.integer() })
        .map((value) => ({ case: 'stateChange' as const, value })),
      fc.record({ name: text, status: fc.nat(9), index: fc.nat() }).map((value) => ({ case: 'step' as const, value })),
      fc.record({ rule: text, severity: fc.nat(9), since: time }).map((value) => ({ case: 'alert' as const, value })),
      fc.record({ contentType: text, data: fc.uint8Array() }).map((value) => ({ case: 'binary' as const, value })),
      fc.json().map((value) => ({ case: 'json' as const, value })),
      text.map((value) => ({ case: 'json' as const, value })),
    )
    const event = fc.record(
      { id: text, labels: map(text), time, data },
      { requiredKeys: [] },
    ) as fc.Arbitrary<EventInit>
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 60, size: 'max' }), async (inits) => {
        const tenant = `t${tenants++}`
        const records = inits.map((init, at) => recordOf(at + 1, init))
        // An older version kept all bytes of JSON data.
        const rows = records.map((record) => {
          const row = historyRow(record)
          return record.seq % 3 === 0 && record.event.data.case === 'json' ? { ...row, event: record.payload } : row
        })
        await new HistoryTable(database(), tenant).insert(1, rows)
        const head = { epoch: 1, seq: inits.length }
        const asked = {
          tenant,
          filters: ['>'],
          fromMs: undefined,
          toMs: undefined,
          next: undefined,
          order: 'asc',
        } as const
        const { page } = await queryHistory(database(), { ...asked, limit: 100 }, head)
        const read = page.items
          .toSorted((one, other) => one.seq - other.seq)
          .map((item) => [item.seq, comparable(item.event)])
        assert.deepEqual(
          read,
          records.map((record) => [record.seq, comparable(record.event)]),
        )
      }),
      { numRuns: 10 },
    )
  })
})

/** With each map by its keys, as a map of Protobuf has no order; with the text of JSON data. */
function comparable(event: Event): unknown {
  const { time, data } = event
  if (data.case === 'json') return [eventToJson(event), time, data.value]
  if (data.case !== 'reading') return [eventToJson(event), time]
  const { metrics, times } = data.value
  return [eventToJson(event), time, Object.entries(metrics).sort(), Object.entries(times).sort()]
}
