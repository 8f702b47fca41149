import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unitCharts } from './unit-charts.ts'

const line = (subject: string, field: string, unit: string) => ({
  name: `${subject} ${field}`,
  subject,
  field,
  unit,
  values: [1, null],
})
const look = { hidden: new Set<string>(), faintName: (name: string): string => `${name} before` }

test('a subject has one colour in the charts of all units, and no two lines of a chart have one', () => {
  const { charts, hues } = unitCharts(
    [
      line('a', 'celsius', 'Cel'),
      line('b', 'celsius', 'Cel'),
      line('b', 'humidity', '%'),
      line('b', 'load', '%'),
      line('c', 'load', '%'),
    ],
    [],
    look,
  )
  assert.deepEqual(
    charts.map(({ unit, title, lines }) => [unit, title, lines.map(({ hue }) => hue)]),
    [
      ['Cel', 'celsius', [0, 1]],
      ['%', 'humidity, load', [1, 2, 3]],
    ],
  )
  assert.deepEqual(hues, [0, 1, 1, 2, 3])
})

test('the day before is drawn in the colour of its line, and hidden with it', () => {
  const { charts } = unitCharts([line('a', 'celsius', 'Cel')], [[null, 2]], { ...look, hidden: new Set(['a celsius']) })
  assert.deepEqual(
    charts[0]?.lines.map(({ name, hue, faint, hidden }) => [name, hue, faint, hidden]),
    [
      ['a celsius', 0, false, true],
      ['a celsius before', 0, true, true],
    ],
  )
})
