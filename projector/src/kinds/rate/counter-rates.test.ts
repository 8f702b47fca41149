import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CounterRates, type CounterSample } from './counter-rates.ts'

const windowMs = 60_000
const begin = 1_000_020_000

function sample(value: number, afterMs: number, more: Partial<CounterSample> = {}): CounterSample {
  return {
    key: 'k',
    series: 's',
    metric: 'requests',
    unit: '',
    value,
    isDelta: false,
    timeMs: begin + afterMs,
    epoch: 1,
    seq: 1 + afterMs,
    ...more,
  }
}

function rateOf(samples: readonly CounterSample[], metric = 'requests'): number | undefined {
  const rates = new CounterRates(windowMs, 1_000)
  for (const each of samples) rates.add(each)
  return rates.ratesOf('k')?.rates.get(metric)?.perSecond
}

test('a rate is what was counted by the time between the first and the last sample', () => {
  assert.equal(rateOf([sample(100, 0), sample(400, 10_000)]), 30)
  assert.equal(rateOf([sample(100, 0), sample(400, 10_000), sample(400, 40_000)]), 7.5)
})

test('one sample tells no rate, nor does one whose last is older than two windows', () => {
  assert.equal(rateOf([sample(100, 0)]), undefined)
  assert.equal(rateOf([sample(100, 0), sample(400, 3 * windowMs)]), undefined)
})

test('what came before the window counts from its newest sample on', () => {
  assert.equal(rateOf([sample(0, 0), sample(500, 50_000), sample(1_400, 140_000)]), 10)
})

test('a counter that begins again has counted what it shows', () => {
  assert.equal(rateOf([sample(1_000, 0), sample(1_100, 10_000), sample(50, 20_000), sample(150, 30_000)]), 250 / 30)
})

test('increments are added, and a change of what a value means begins anew', () => {
  const delta = { isDelta: true }
  const increments = [
    sample(7, 0, delta),
    sample(30, 10_000, delta),
    sample(5, 10_100, delta),
    sample(25, 20_000, delta),
  ]
  assert.equal(rateOf(increments), 3)
  assert.equal(rateOf([...increments, sample(1_000, 21_000)]), undefined)
})

test('the rates of several series under one key are added, without those that are silent', () => {
  const other = { series: 'other' }
  const both = [sample(0, 0), sample(0, 0, other), sample(100, 10_000), sample(50, 10_000, other)]
  assert.equal(rateOf(both), 15)
  assert.equal(rateOf([...both, sample(800, 80_000)]), 10)
})

test('a busy counter keeps few samples, and past the bound new series are left out', () => {
  const rates = new CounterRates(windowMs, 200)
  for (let at = 0; at < 100_000; at++) assert.ok(rates.add(sample(at, at * 10)))
  assert.ok(rates.samples <= 62, `${rates.samples}`)
  assert.equal(rates.ratesOf('k')?.rates.get('requests')?.perSecond, 100)
  let taken = 0
  while (rates.add(sample(1, 1_000_000, { series: `s${taken}` }))) taken++
  assert.equal(taken, 200 - 62)
  rates.forget(begin + 1_000_001)
  assert.equal(rates.samples, 0)
  assert.equal(rates.ratesOf('k'), undefined)
})

test('a rate does not depend on the order of samples, nor on ones older than two windows and a step', () => {
  const told = fc.array(
    fc.record({ value: fc.nat(1_000), afterMs: fc.nat(300_000), series: fc.constantFrom('s', 't') }),
    { minLength: 1, maxLength: 60 },
  )
  fc.assert(
    fc.property(told, fc.boolean(), fc.infiniteStream(fc.nat()), (told, isDelta, random) => {
      const samples = told.map(({ value, afterMs, series }, at) =>
        sample(value, afterMs, { series, isDelta, seq: at + 1 }),
      )
      const expected = rateOf(samples)
      const shuffled = samples
        .map((each) => ({ each, at: random.next().value ?? 0 }))
        .sort((one, other) => one.at - other.at)
        .map(({ each }) => each)
      assert.equal(rateOf(shuffled), expected)
      const newestMs = Math.max(...samples.map(({ timeMs }) => timeMs))
      const needed = samples.filter(({ timeMs }) => timeMs >= newestMs - 3 * windowMs - windowMs / 60)
      assert.equal(rateOf(needed), expected)
    }),
    { numRuns: 500 },
  )
})
