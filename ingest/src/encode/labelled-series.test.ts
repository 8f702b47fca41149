import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { EventSchema } from '@weir/proto'
import fc from 'fast-check'
import { ingestLimits } from '../limits.ts'
import { encodeEvent } from './event-encoder.ts'
import { checkedSeries, type LabelledSeries, SeriesCache } from './labelled-series.ts'

test('an event with the encoded labels of its series has the same bytes as one that encodes them', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(fc.dictionary(name, fc.string({ unit: 'grapheme', maxLength: 300 }), { maxKeys: 20 }), (labels) => {
      const { encodedLabels } = checkedSeries('metrics.a', labels)
      const event = create(EventSchema, { id: '1', source: 's', labels, traceparent: '', type: 't' })
      assert.ok(encodedLabels !== undefined)
      assert.deepEqual(encodeEvent(event, encodedLabels), encodeEvent(event))
    }),
  )
})

test('labels and subjects that no event may have are left to the event that has them', () => {
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`l${at}`, 'x']))
  for (const [subject, labels] of [
    ['a b', {}],
    ['', {}],
    ['a', many],
    ['a', { '': 'x' }],
    ['a', { x: 'y'.repeat(2049) }],
    ['a', { x: '\ud800' }],
  ] as const) {
    assert.equal(checkedSeries(subject, { ...labels }).encodedLabels, undefined, JSON.stringify([subject, labels]))
  }
})

test('a series is made once in its scope, and what is remembered is bounded', () => {
  const cache = new SeriesCache()
  let made = 0
  const get = (scope: string, text: string): LabelledSeries | undefined =>
    cache.get(scope, text, () => {
      made++
      return checkedSeries('metrics.a', {})
    })
  const first = get('one', 'x')
  assert.equal(get('one', 'x'), first)
  assert.notEqual(get('two', 'x'), first)
  assert.equal(made, 2)
  // Long enough that not all fit.
  const long = 'y'.repeat(ingestLimits.seriesUnitsMax / 4)
  for (let at = 0; at < 3; at++) get('one', `${at}${long}`)
  assert.notEqual(get('one', 'x'), first)
})
