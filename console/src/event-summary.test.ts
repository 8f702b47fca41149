import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { Alert_Severity, Alert_Status, EventSchema } from '@weir/proto'
import { eventKind, eventSummary, quantity } from './event-summary.ts'

type EventInit = Parameters<typeof create<typeof EventSchema>>[1]

const summary = (data: NonNullable<EventInit>['data']): string =>
  eventSummary(create(EventSchema, data === undefined ? {} : { data }))

test('an event without a type is called by its kind of data', () => {
  assert.equal(eventKind(create(EventSchema, { type: 'climate', data: { case: 'json', value: '1' } })), 'climate')
  assert.equal(eventKind(create(EventSchema, { data: { case: 'json', value: '1' } })), 'json')
  assert.equal(eventKind(create(EventSchema)), '')
})

test('quantities are written with their units', () => {
  assert.equal(quantity(0.123456, '1'), '0.1235')
  assert.equal(quantity(1_234_567, ''), '1,234,567')
  assert.equal(quantity(21.5, 'Cel'), '21.5 Cel')
  assert.equal(quantity(0, 'By'), '0 B')
  assert.equal(quantity(1536, 'By'), '1.5 KiB')
  assert.equal(quantity(25_000_000_000, 'By'), '23.3 GiB')
})

test('each kind of data has its line', () => {
  assert.equal(summary({ case: 'reading', value: { metrics: { value: 0.5 }, units: { value: '1' } } }), '0.5')
  assert.equal(summary({ case: 'reading', value: { metrics: { a: 1, b: 2 }, units: { a: 's' } } }), 'a 1 s · b 2')
  assert.equal(
    summary({ case: 'reading', value: { metrics: { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 } } }),
    'a 1 · b 2 · c 3 · d 4 · and 2 more',
  )
  assert.equal(
    summary({ case: 'stateChange', value: { entity: 'door', from: 'open', to: 'shut' } }),
    'door: open → shut',
  )
  assert.equal(
    summary({
      case: 'alert',
      value: { rule: 'hot', severity: Alert_Severity.HIGH, status: Alert_Status.FIRING, message: '41 degrees' },
    }),
    'HIGH · hot · FIRING · 41 degrees',
  )
  assert.equal(summary({ case: 'json', value: '{"a":1}' }), '{"a":1}')
  assert.equal(summary({ case: 'json', value: 'x'.repeat(300) }).length, 241)
  assert.equal(
    summary({ case: 'binary', value: { contentType: 'image/png', data: new Uint8Array(2048) } }),
    'image/png, 2 KiB',
  )
  assert.equal(summary(undefined), '')
})
