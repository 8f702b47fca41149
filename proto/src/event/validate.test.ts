import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, type MessageInitShape, ScalarType, toJsonString } from '@bufbuild/protobuf'
import { createValidator } from '@bufbuild/protovalidate'
import fc from 'fast-check'
import { anyEvent, validEvent } from '../../test/arbitrary-event.ts'
import { type Alert_Severity, type Event, EventSchema } from '../gen/weir/v1/event_pb.js'
import { isTimestamp } from './timestamp.ts'
import { validateEvent, validateFields } from './validate.ts'

const oracle = createValidator()

test('the rules by hand agree with protovalidate', () => {
  let good = 0
  let bad = 0
  fc.assert(
    fc.property(fc.oneof(anyEvent(), validEvent()), (event) => {
      const result = oracle.validate(EventSchema, event)
      if (result.kind === 'error') throw result.error
      const fault = validateFields(event)
      const { data } = event
      const times = [
        event.time,
        data.case === 'alert' ? data.value.since : undefined,
        ...(data.case === 'reading' ? Object.values(data.value.times) : []),
      ]
      const timely = times.every((time) => time === undefined || isTimestamp(time))
      const expected = result.kind === 'valid' && timely
      assert.equal(fault === undefined, expected, fault ?? String(result.error))
      if (expected) good++
      else bad++
    }),
    { numRuns: 3000 },
  )
  assert.ok(good > 300 && bad > 300, `${good} good, ${bad} bad: the generator has lost its balance`)
})

// Random events seldom land on a bound, so each text of each message is tried on both sides of
// every size that is one.
const sizes = [0, 1, 64, 65, 128, 129, 255, 256, 257, 1024, 1025, 2048, 2049, 4096, 4097]
const complete = {
  stateChange: { entity: 'x', to: 'x' },
  alert: { rule: 'x' },
  step: { name: 'x' },
  binary: {},
} as const

test('the bounds of texts agree with protovalidate', () => {
  for (const size of sizes) {
    for (const text of [`${'x'.repeat(size)}`, '\u0800'.repeat(size / 3) + 'x'.repeat(size % 3)]) {
      for (const { localName, scalar } of EventSchema.fields) {
        if (scalar !== ScalarType.STRING || localName === 'json') continue
        agree(create(EventSchema, { [localName]: text }))
      }
      for (const [kind, fields] of Object.entries(complete)) {
        const field = EventSchema.fields.find(({ localName }) => localName === kind)
        for (const { localName, scalar } of field?.message?.fields ?? []) {
          if (scalar !== ScalarType.STRING) continue
          const data = { case: kind, value: { ...fields, [localName]: text } }
          agree(create(EventSchema, { data } as MessageInitShape<typeof EventSchema>))
        }
      }
      agree(create(EventSchema, { labels: { [text]: 'x' } }))
      agree(create(EventSchema, { labels: { x: text } }))
      agree(create(EventSchema, { data: { case: 'reading', value: { metrics: { [text]: 1 } } } }))
      agree(create(EventSchema, { data: { case: 'reading', value: { metrics: { x: 1 }, units: { [text]: 'x' } } } }))
      agree(create(EventSchema, { data: { case: 'reading', value: { metrics: { x: 1 }, units: { x: text } } } }))
    }
  }
})

test('the bounds of maps agree with protovalidate', () => {
  for (const size of [0, 1, 64, 65, 256, 257]) {
    const names = Array.from({ length: size }, (_, at) => `k${at}`)
    const texts = Object.fromEntries(names.map((name) => [name, 'x']))
    const metrics = Object.fromEntries(names.map((name) => [name, 1]))
    agree(create(EventSchema, { labels: texts }))
    agree(create(EventSchema, { data: { case: 'reading', value: { metrics } } }))
    agree(create(EventSchema, { data: { case: 'reading', value: { metrics: { x: 1 }, units: texts } } }))
    const times = Object.fromEntries(names.map((name) => [name, { seconds: 1n }]))
    agree(create(EventSchema, { data: { case: 'reading', value: { metrics: { x: 1 }, times } } }))
  }
})

function agree(event: Event): void {
  const { kind } = oracle.validate(EventSchema, event)
  const fault = validateFields(event)
  assert.equal(fault === undefined, kind === 'valid', fault ?? toJsonString(EventSchema, event).slice(0, 200))
}

test('an event that keeps the rules has no fault', () => {
  fc.assert(fc.property(validEvent(), (event) => assert.equal(validateEvent(event), undefined)))
})

for (const [text, fault] of [
  ['', /json: is not .*: it is empty\.$/],
  ['{', /json: is not .*: it ends too early\.$/],
  ['NaN', /json: is not .*: look at line 1, character 1\.$/],
  ['{"a":1}{', /json: is not .*: look at line 1, character 8\.$/],
  [`${'['.repeat(65)}${']'.repeat(65)}`, /deeper than 64/],
  [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, /deeper than 64/],
  [`${'['.repeat(64)}${']'.repeat(64)}`, undefined],
  ['"\\ud800"', undefined],
] as const) {
  test(`json text ${text.slice(0, 12)} of ${text.length} is ${fault ? 'refused' : 'good'}`, () => {
    const event = create(EventSchema, { data: { case: 'json', value: text } })
    const found = validateEvent(event)
    if (fault === undefined) assert.equal(found, undefined)
    else assert.match(found ?? '', fault)
  })
}

test('a fault names the field and the bound', () => {
  const fault = (init: Parameters<typeof create<typeof EventSchema>>[1]) => validateEvent(create(EventSchema, init))
  assert.equal(fault({ id: 'é'.repeat(65) }), 'id: 130 bytes are more than 128.')
  assert.equal(fault({ labels: { '': 'x' } }), 'labels: a name: must not be empty.')
  assert.equal(
    fault({ data: { case: 'reading', value: { metrics: { load: Number.NaN } } } }),
    'reading.metrics.load: NaN is not a finite number.',
  )
  assert.equal(fault({ data: { case: 'reading', value: {} } }), 'reading.metrics: at least one metric is needed.')
  assert.equal(
    fault({ data: { case: 'alert', value: { rule: 'hot', severity: 9 as Alert_Severity } } }),
    'alert.severity: 9 is not a value of this enum.',
  )
})
