import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { type Event, EventSchema, eventToJson, timestampFromMilliseconds } from '@weir/proto'
import fc from 'fast-check'
import { EventRecord } from '../../event/event-record.ts'
import { selectMetrics } from '../../event/metric-selection.ts'
import { type OpenWindow, WindowFold, type WindowShape } from './window-fold.ts'

const shape: WindowShape = {
  sizeMs: 60_000,
  latenessMs: 10_000,
  metrics: selectMetrics(undefined),
  percentiles: [50, 99],
}

function reading(metrics: Record<string, number>, units: Record<string, string> = {}): Event {
  return create(EventSchema, { data: { case: 'reading', value: { metrics, units } } })
}

function windowOf(added: unknown): OpenWindow {
  assert.equal(typeof added, 'object', String(added))
  return added as OpenWindow
}

test('a window has the statistics of its values', () => {
  const fold = new WindowFold(shape, 100)
  let window: OpenWindow | undefined
  for (const [at, value] of [4, 1, 3, 2].entries()) {
    window = windowOf(fold.add('k', reading({ t: value }, { t: 'Cel' }), 60_000 + at * 1_000, at + 1, 61_000))
  }
  const event = eventToJson(fold.toEvent(window as OpenWindow))
  assert.deepEqual(event.labels, { 'window.start': '1970-01-01T00:01:00Z', 'window.end': '1970-01-01T00:02:00Z' })
  assert.equal(event.time, '1970-01-01T00:01:00Z')
  const metrics = event.reading?.metrics ?? {}
  assert.deepEqual(
    ['t.count', 't.sum', 't.min', 't.max', 't.avg', 't.last'].map((name) => metrics[name]),
    [4, 10, 1, 4, 2.5, 2],
  )
  assert.ok(Math.abs(Number(metrics['t.p99']) - 3) <= 1)
  assert.equal(event.reading?.units?.['t.avg'], 'Cel')
})

test('the last value is the one taken last, not the one that came last', () => {
  const fold = new WindowFold(shape, 100)
  fold.add('k', reading({ t: 7 }), 50_000, 1, 50_000)
  const window = windowOf(fold.add('k', reading({ t: 1 }), 10_000, 2, 51_000))
  assert.equal(window.metrics.get('t')?.last, 7)
})

test('an event counts until the lateness is over, by the time at which it was stored', () => {
  const fold = new WindowFold(shape, 100)
  assert.equal(typeof fold.add('k', reading({ t: 1 }), 59_999, 1, 69_999), 'object')
  assert.equal(fold.add('k', reading({ t: 1 }), 59_999, 2, 70_000), 'late')
  assert.equal(fold.openWindows, 1)
  fold.close(70_000)
  assert.equal(fold.openWindows, 0)
})

test('windows that share a key are apart, and close one after the other, the later one with the later stamp', () => {
  const fold = new WindowFold(shape, 100)
  fold.add('k', reading({ t: 1 }), 59_000, 1, 60_500)
  fold.add('k', reading({ t: 5 }), 61_000, 2, 61_000)
  fold.add('k', reading({ t: 2 }), 59_500, 3, 62_000)
  assert.equal(fold.openWindows, 2)
  assert.deepEqual(fold.close(69_999), [])
  const shown = (closed: readonly OpenWindow[]) =>
    closed.map(({ startMs, seq, metrics }) => [startMs, seq, metrics.get('t')?.count])
  assert.deepEqual(shown(fold.close(70_000)), [[0, 3, 2]])
  assert.deepEqual(shown(fold.close(130_000)), [[60_000, 3, 1]])
})

test('a producer whose clock is 25 s ahead takes nothing from what a shared key shows', () => {
  const fold = new WindowFold(shape, 100)
  const tell = (seq: number, storedAtMs: number, aheadMs: number): void => {
    const time = timestampFromMilliseconds(storedAtMs + aheadMs)
    const event = create(EventSchema, { ...reading({ t: seq }), ...(time === undefined ? {} : { time }) })
    const record = new EventRecord('k', 1, seq, storedAtMs, toBinary(EventSchema, event))
    assert.equal(typeof fold.add('k', record.event, record.happenedAtMs, seq, storedAtMs), 'object')
  }
  // In the last seconds of a window three that claim the next one come first; the last honest one
  // comes after the end.
  for (let at = 0; at < 3; at++) tell(at + 1, 40_000 + at, 25_000)
  for (let at = 0; at < 14; at++) tell(at + 4, 41_000 + at * 1_000, -500)
  tell(18, 60_400, -900)
  tell(19, 61_000, 25_000)
  const [shown] = fold.close(70_000)
  assert.deepEqual([shown?.startMs, shown?.metrics.get('t')?.count], [0, 18])
})

test('values that are no numbers and metrics that are not asked for are left out', () => {
  const fold = new WindowFold({ ...shape, metrics: selectMetrics(['a']) }, 100)
  assert.equal(fold.add('k', reading({ b: 1 }), 0, 1, 0), 'nothing')
  assert.equal(fold.add('k', reading({ a: Number.NaN }), 0, 2, 0), 'nothing')
  const window = windowOf(fold.add('k', reading({ a: 1, b: 2 }), 0, 3, 0))
  assert.deepEqual([...window.metrics.keys()], ['a'])
})

test('past the bound on series nothing new is opened, and closing makes room', () => {
  const fold = new WindowFold(shape, 2)
  fold.add('a', reading({ t: 1 }), 0, 1, 0)
  fold.add('b', reading({ t: 1 }), 0, 2, 0)
  assert.equal(fold.add('c', reading({ t: 1 }), 0, 3, 0), 'full')
  assert.equal(typeof fold.add('a', reading({ t: 2 }), 0, 4, 0), 'object')
  fold.close(70_000)
  assert.equal(typeof fold.add('c', reading({ t: 1 }), 60_000, 5, 70_000), 'object')
})

test('percentiles are within one percent for values of any size', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 300 }),
      fc.constantFrom(50, 95, 99),
      (values, percentile) => {
        const fold = new WindowFold({ ...shape, percentiles: [percentile] }, 10)
        let window: OpenWindow | undefined
        for (const value of values) window = windowOf(fold.add('k', reading({ t: value }), 0, 1, 0))
        const estimate = window?.metrics.get('t')?.percentile(percentile) ?? Number.NaN
        const sorted = values.toSorted((a, b) => a - b)
        const rank = (percentile / 100) * (sorted.length - 1)
        const low = sorted[Math.floor(rank)] ?? 0
        const high = sorted[Math.ceil(rank)] ?? 0
        assert.ok(estimate >= low * 0.985 && estimate <= high * 1.015, `${estimate} of ${low}..${high}`)
      },
    ),
  )
})

for (const shared of [false, true]) {
  const what = shared ? 'shows the same window of a shared key' : 'ends with the same windows'
  test(`a restart that reads the open windows again ${what}`, () => restart(shared))
}

function restart(shared: boolean): void {
  const event = fc.record({ timeMs: fc.integer({ min: 0, max: 300_000 }), value: fc.integer({ min: -9, max: 9 }) })
  fc.assert(
    fc.property(fc.array(event, { minLength: 2, maxLength: 60 }), fc.nat(), (events, cut) => {
      // What the stream holds: stored times rise, event times are up to 90 s behind or 30 s ahead.
      const stored = events.map(({ timeMs, value }, at) => ({
        seq: at + 1,
        storedAtMs: at * 7_000,
        timeMs: Math.min(at * 7_000 + 30_000, Math.max(at * 7_000 - 90_000, timeMs)),
        value,
      }))
      const run = (from: number, bucket: Map<string, string>): void => {
        const fold = new WindowFold(shape, 1_000)
        const write = (window: OpenWindow): void => {
          const known = Number(bucket.get(window.key)?.split(' ')[0] ?? 0)
          if (window.seq <= known) return
          bucket.set(window.key, `${window.seq} ${JSON.stringify(eventToJson(fold.toEvent(window)))}`)
        }
        for (const { seq, storedAtMs, timeMs, value } of stored.slice(from)) {
          const closed = fold.close(storedAtMs)
          if (shared) closed.forEach(write)
          const key = shared ? 'k' : `k.${fold.startOf(timeMs)}`
          const added = fold.add(key, reading({ t: value }), Math.min(timeMs, storedAtMs), seq, storedAtMs)
          if (!shared && typeof added !== 'string') write(added)
        }
      }
      const whole = new Map<string, string>()
      run(0, whole)

      const crashed = new Map<string, string>()
      const at = cut % stored.length
      const done = stored.splice(at)
      run(0, crashed)
      stored.push(...done)
      // Everything that may belong to a window that was open at the crash: size, lateness and skew
      // before it.
      const warmUp = 60_000 + 10_000 + 60_000
      const from = stored.findIndex(({ storedAtMs }) => storedAtMs >= (stored[at - 1]?.storedAtMs ?? 0) - warmUp)
      run(Math.max(0, from), crashed)
      assert.deepEqual(crashed, whole)
    }),
  )
}
