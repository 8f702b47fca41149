import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { type Event, EventSchema, eventToJson, timestampFromMilliseconds } from '@weir/proto'
import fc from 'fast-check'
import { MergedReading } from './merged-reading.ts'

function reading(metrics: Record<string, number>): Event {
  return create(EventSchema, { type: 'reading', data: { case: 'reading', value: { metrics } } })
}

function metricsOf(merged: MergedReading): unknown {
  return eventToJson(merged.toEvent()).reading
}

test('of each metric the value taken last stays, with its own time', () => {
  const merged = new MergedReading()
  merged.fold(reading({ t: 20, h: 40 }), 1_000, 1)
  merged.fold(reading({ t: 21 }), 3_000, 2)
  merged.fold(reading({ h: 39 }), 500, 3)
  assert.deepEqual(metricsOf(merged), { metrics: { h: 40, t: 21 }, times: { h: '1970-01-01T00:00:01Z' } })
  assert.equal(eventToJson(merged.toEvent()).time, '1970-01-01T00:00:03Z')
})

test('of two values taken at the same time the later event counts', () => {
  const merged = new MergedReading()
  merged.fold(reading({ t: 2 }), 1_000, 9)
  merged.fold(reading({ t: 1 }), 1_000, 4)
  assert.deepEqual(metricsOf(merged), { metrics: { t: 2 } })
})

test('a metric that is older than the newest by the age is forgotten, and the oldest past the bound', () => {
  const merged = new MergedReading()
  merged.fold(reading({ old: 1 }), 1_000, 1)
  merged.fold(reading({ a: 1 }), 9_000, 2)
  merged.fold(reading({ b: 1 }), 9_500, 3)
  merged.fold(reading({ c: 1 }), 10_000, 4)
  merged.prune(5_000, 2)
  assert.deepEqual(Object.keys((metricsOf(merged) as { metrics: object }).metrics), ['b', 'c'])
})

const step = fc.record({
  metrics: fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), fc.integer({ min: -5, max: 5 }), { minKeys: 1 }),
  timeMs: fc.integer({ min: 0, max: 20_000 }),
})

test('the result does not depend on order, repeats or where it was stored and read again', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), fc.infiniteStream(fc.nat()), (steps, random) => {
      const numbered = steps.map((one, at) => ({ ...one, seq: at + 1 }))
      const inOrder = new MergedReading()
      for (const { metrics, timeMs, seq } of numbered) inOrder.fold(reading(metrics), timeMs, seq)
      inOrder.prune(10_000, 3)

      const next = (): number => random.next().value ?? 0
      const shuffled = [...numbered, ...numbered.filter(() => next() % 3 === 0)]
      for (let at = shuffled.length - 1; at > 0; at--) {
        const other = next() % (at + 1)
        const swapped = shuffled[at]
        shuffled[at] = shuffled[other] as (typeof shuffled)[0]
        shuffled[other] = swapped as (typeof shuffled)[0]
      }
      const anyhow = new MergedReading()
      for (const { metrics, timeMs, seq } of shuffled) {
        anyhow.fold(reading(metrics), timeMs, seq)
        if (next() % 4 === 0) anyhow.prune(10_000, 3)
      }
      anyhow.prune(10_000, 3)
      assert.deepEqual(metricsOf(anyhow), metricsOf(inOrder))
    }),
  )
})

test('a fold that is stored and read again in the middle goes on as if it had not been', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 12 }), fc.nat(), (steps, cut) => {
      const at = cut % steps.length
      let stored = new MergedReading()
      const whole = new MergedReading()
      for (const [index, { metrics, timeMs }] of steps.entries()) {
        if (index === at) stored = MergedReading.fromEvent(stored.toEvent(), index)
        stored.fold(reading(metrics), timeMs, index + 1)
        whole.fold(reading(metrics), timeMs, index + 1)
      }
      assert.deepEqual(metricsOf(stored), metricsOf(whole))
    }),
  )
})

test('times before 1970 and without a time stay what they are', () => {
  const merged = new MergedReading()
  merged.fold(reading({ t: 1 }), -5_000, 1)
  assert.deepEqual(merged.toEvent().time, timestampFromMilliseconds(-5_000))
})
