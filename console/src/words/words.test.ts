import assert from 'node:assert/strict'
import { test } from 'node:test'
import { age, duration, longSpan, span } from './age.ts'
import { en } from './en.ts'
import { es } from './es.ts'
import { exactInteger, rate } from './numbers.ts'
import { marks, quantity } from './quantity.ts'

test('Spanish says everything that English does, and says it otherwise', () => {
  const same: string[] = []
  const walk = (path: string, left: unknown, right: unknown): void => {
    if (typeof left === 'object' && left !== null) {
      for (const [key, value] of Object.entries(left))
        walk(`${path}.${key}`, value, (right as Record<string, unknown>)[key])
    } else {
      assert.equal(typeof right, typeof left, path)
      if (typeof left === 'string' && left === right && left.includes(' ')) same.push(path)
    }
  }
  walk('', en, es)
  assert.deepEqual(same, ['.shell.filterPlaceholder', '.signIn.command'])
})

test('quantities are written with their units', () => {
  for (const [value, unit, text] of [
    [22_300_000_000, 'By', '22.3 GB'],
    [999, 'By', '999 B'],
    [0, 'By', '0 B'],
    [0.38, '1', '38 %'],
    [1.5, '1', '1.5'],
    [21.5, 'Cel', '21.5 °C'],
    [0.004, 's', '4 ms'],
    [3, '{request}', '3 request'],
    [0.123456789, '', '0.123457'],
    [1_234_567, '', '1,234,567'],
    [Number.NaN, 'By', 'NaN'],
  ] as const) {
    assert.equal(quantity(value, unit), text)
  }
})

test('the marks of an axis have one unit, and decimals that tell them apart', () => {
  assert.deepEqual(marks([20, 20.5, 21], 0.5, 'Cel'), ['20.0 °C', '20.5 °C', '21.0 °C'])
  assert.deepEqual(marks([22_300_000_000, 22_302_500_000], 2_500_000, 'By'), ['22.3000 GB', '22.3025 GB'])
  assert.deepEqual(marks([0, 500_000, 1_000_000], 500_000, 'By'), ['0.0 MB', '0.5 MB', '1.0 MB'])
  assert.deepEqual(marks([0.4, 0.405], 0.005, '1'), ['40.0 %', '40.5 %'])
  assert.deepEqual(marks([0, 5_000, 2_500_000], 5_000, ''), ['0', '5,000', '2.5M'])
})

test('whole numbers of any length are shown digit for digit', () => {
  assert.equal(exactInteger('12345678901234567890'), '12,345,678,901,234,567,890')
  assert.equal(exactInteger('-9007199254740993'), '-9,007,199,254,740,993')
})

test('rates and times are short', () => {
  assert.deepEqual([0, 0.04, 9.96, 218.4, 41_800].map(rate), ['0', '0', '10', '218', '41.8K'])
  assert.deepEqual([-5, 999, 12_000, 300_000].map(age), ['now', 'now', '12 s', '5 min'])
  assert.deepEqual([0, 90_000_000].map(span), ['0 s', '1 d'])
  assert.deepEqual([124_000, 11_520_000].map(longSpan), ['2 min 04 s', '3 h 12 min'])
  assert.deepEqual([-1, 430, 2_000, 12_900].map(duration), ['0.0 s', '0.4 s', '2.0 s', '12 s'])
})
