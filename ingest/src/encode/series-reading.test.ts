import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '@weir/proto'
import fc from 'fast-check'
import { EventIds } from './event-id.ts'
import { checkedSeries } from './labelled-series.ts'
import { isRejected } from './record.ts'
import { Defaults, seal } from './seal.ts'
import { readingSeries, type SeriesReading, sealReading } from './series-reading.ts'

const nowMs = 1_790_000_000_000
const defaults = (): Defaults => new Defaults(nowMs, new EventIds(), 600_000)
const series = checkedSeries('metrics.a.b', { job: 'node', zone: 'é' })

/** The oracle: the whole event by the general way. */
function sealed(type: string, source: string, reading: SeriesReading) {
  const metrics: { [name: string]: number } = {}
  for (const [at, name] of reading.names.entries()) metrics[name] = reading.values[at] as number
  const event: Event = {
    $typeName: 'weir.v1.Event',
    id: reading.id,
    type,
    source,
    time: { $typeName: 'google.protobuf.Timestamp', seconds: BigInt(reading.seconds), nanos: reading.nanos },
    labels: series.labels,
    traceparent: '',
    data: {
      case: 'reading',
      value: {
        $typeName: 'weir.v1.Reading',
        metrics,
        units: reading.unit === '' ? {} : { [reading.names[0] ?? '']: reading.unit },
        times: {},
        integers: {},
      },
    },
  }
  return seal(7, series.subject, event, defaults(), true, series.encodedLabels)
}

/** Mostly what is taken, now and then what breaks a rule. */
function mostly<T>(good: fc.Arbitrary<T>, bad: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 12, arbitrary: good }, { weight: 1, arbitrary: bad })
}

const name = mostly(
  fc.constantFrom('value', 'usage_idle', 'usage_user', 'celsius', 'é', '本'.repeat(42)),
  fc.constantFrom('0', '17', '__proto__', '', 'a\nb', 'x'.repeat(129), '\ud800'),
)
const value = mostly(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(-0, Infinity, Number.NaN))
const metric = fc.tuple(name, value)
const readings = fc.record({
  id: fc.stringMatching(/^[!-~]{1,130}$/),
  seconds: mostly(
    fc.integer({ min: 0, max: 1_790_000_600 }),
    fc.constantFrom(-1, 1_790_000_601, 253_402_300_799, 253_402_300_800),
  ),
  nanos: fc.integer({ min: 0, max: 999_999_999 }),
  metrics: mostly(
    fc.uniqueArray(metric, { minLength: 1, maxLength: 5, selector: ([each]) => each }),
    fc.array(metric, { maxLength: 5 }),
  ),
  unit: mostly(fc.constantFrom('', 'Cel'), fc.constantFrom('x'.repeat(65), '\udc00')),
})

test('a reading has the bytes that its whole event would have, or is left to that', () => {
  let taken = 0
  const origins = [
    ['influx.point', 'bench'],
    ['influx.point', ''],
    ['prometheus.sample', 'node'],
    ['t', 's'.repeat(1025)],
  ] as const
  fc.assert(
    fc.property(readings, fc.constantFrom(...origins), ({ metrics, ...rest }, [type, source]) => {
      const reading = { ...rest, names: metrics.map(([each]) => each), values: metrics.map(([, value]) => value) }
      const fast = sealReading(7, readingSeries(series, type, source), reading, defaults())
      if (fast === undefined) return
      taken++
      assert.deepEqual(fast, sealed(type, source, reading))
    }),
    { numRuns: 1500 },
  )
  assert.ok(taken > 200, `${taken} were taken`)
})

test('names that an object would put in another order, or twice, are left to the whole event', () => {
  const reading = { id: 'a', seconds: 1, nanos: 0, unit: '' }
  const one = readingSeries(series, 't', 's')
  for (const names of [
    ['b', '1'],
    ['a', 'a'],
  ]) {
    const values = names.map((_, at) => at)
    assert.equal(sealReading(7, one, { ...reading, names, values }, defaults()), undefined, names.join())
  }
})

test('names that are alike once they are joined are not taken for each other', () => {
  const one = readingSeries(series, 't', 's')
  for (const names of [
    ['a\nb', 'c'],
    ['a', 'b\nc'],
  ]) {
    const reading = { id: 'a', seconds: 1, nanos: 0, unit: '', names, values: [1, 2] }
    assert.deepEqual(sealReading(7, one, reading, defaults()), sealed('t', 's', reading))
  }
})

test('what is ahead, and what comes after the bytes of a request, is refused as the whole event is', () => {
  const one = readingSeries(series, 't', 's')
  const reading = { id: 'a', seconds: nowMs / 1000 + 601, nanos: 0, names: ['value'], values: [1], unit: '' }
  assert.deepEqual(sealReading(7, one, reading, defaults()), sealed('t', 's', reading))
  const full = defaults()
  full.eventsBytes = Number.MAX_SAFE_INTEGER
  const refused = sealReading(7, one, { ...reading, seconds: 1 }, full)
  assert.ok(refused !== undefined && isRejected(refused))
  assert.equal(refused.code, 'too_large')
})
