import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { EventSchema } from '@weir/proto'
import fc from 'fast-check'
import type { EarlierValue } from '../../condition/look-back.ts'
import { EventRecord } from '../../event/event-record.ts'
import { limits } from '../../limits.ts'
import { EarlierValues } from './earlier-values.ts'

const minuteAgo: EarlierValue = { agoMs: 60_000, of: 'metrics', path: ['viewers'] }
const begin = 1_000_000_000

function reading(viewers: number, seq = 1): EventRecord {
  const event = create(EventSchema, { data: { case: 'reading', value: { metrics: { viewers } } } })
  return new EventRecord('rooms.r1', 1, seq, begin, toBinary(EventSchema, event))
}

function json(value: unknown): EventRecord {
  const event = create(EventSchema, { data: { case: 'json', value: JSON.stringify(value) } })
  return new EventRecord('rooms.r1', 1, 1, begin, toBinary(EventSchema, event))
}

test('the value some time ago is that of the newest event before then, and absent where there was none', () => {
  const values = new EarlierValues([minuteAgo], 1_000)
  values.note('r1', reading(100), begin)
  assert.equal(values.at('r1', 0, begin + 59_000), undefined)
  values.note('r1', reading(40), begin + 30_000)
  assert.equal(values.at('r1', 0, begin + 70_000), 100)
  assert.equal(values.at('r1', 0, begin + 100_000), 40)
  assert.equal(values.at('r2', 0, begin + 100_000), undefined)
})

test('a value that is too old at that time is none', () => {
  const values = new EarlierValues([minuteAgo], 1_000)
  values.note('r1', reading(100), begin)
  assert.equal(values.at('r1', 0, begin + 60_000 + limits.agoLookBackMs), 100)
  assert.equal(values.at('r1', 0, begin + 62_000 + limits.agoLookBackMs), undefined)
})

test('fields of JSON data are remembered with their types, lists and long texts are not', () => {
  const of = (...path: string[]): EarlierValue => ({ agoMs: 1_000, of: 'data', path })
  const values = new EarlierValues([of('n'), of('a', 'b'), of('items', '1'), of('items'), of('long')], 1_000)
  values.note('k', json({ n: 7, a: { b: 'open' }, items: [1, true], long: 'x'.repeat(300) }), begin)
  const found = [0, 1, 2, 3, 4].map((index) => values.at('k', index, begin + 5_000))
  assert.deepEqual(found, [7, 'open', true, undefined, undefined])
})

test('a busy key keeps few values, and past the bound the keys that were silent for longest are forgotten', () => {
  const values = new EarlierValues([minuteAgo], 150)
  for (let at = 0; at < 100_000; at++) values.note('busy', reading(at), begin + at * 10)
  assert.ok(values.samples <= limits.agoSteps + 2, `${values.samples}`)
  for (let key = 0; key < 200; key++) values.note(`k${key}`, reading(key), begin + 1_000_000)
  assert.ok(values.samples <= 150)
  assert.equal(values.at('busy', 0, begin + 1_100_000), undefined)
  assert.equal(values.at('k199', 0, begin + 1_100_000), 199)
})

test('whatever order events came in and wherever the reading began, the newest before the time is found', () => {
  const told = fc.array(fc.record({ afterMs: fc.nat(20_000), behindMs: fc.nat(90_000) }), { maxLength: 60 })
  fc.assert(
    fc.property(told, fc.nat(), (told, skip) => {
      const stepMs = minuteAgo.agoMs / limits.agoSteps
      let storedAtMs = begin
      const events = told.map(({ afterMs, behindMs }, at) => {
        storedAtMs += afterMs
        return { timeMs: storedAtMs - behindMs, storedAtMs, seq: at + 1 }
      })
      const nowMs = Math.max(begin, ...events.map(({ timeMs }) => timeMs))
      const beforeMs = Math.floor((nowMs - minuteAgo.agoMs) / stepMs) * stepMs
      const [expected] = events
        .filter(({ timeMs }) => timeMs < beforeMs && timeMs >= beforeMs - limits.agoLookBackMs)
        .sort((a, b) => b.timeMs - a.timeMs || b.seq - a.seq)
      const whole = new EarlierValues([minuteAgo], 1_000)
      const needed = events.findIndex((event) => event.storedAtMs >= nowMs - whole.reachMs)
      for (const from of [0, needed < 0 ? events.length : skip % (needed + 1)]) {
        const values = new EarlierValues([minuteAgo], 1_000)
        for (const { timeMs, seq } of events.slice(from)) values.note('k', reading(seq, seq), timeMs)
        assert.equal(values.at('k', 0, nowMs), expected?.seq)
      }
    }),
    { numRuns: 500 },
  )
})
