import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { Alert_Severity, Alert_Status, type Event, EventSchema, Step_Status } from '@weir/proto'
import { alignedText, noEnd } from './aligned-cell.ts'
import { columnNames, columnsText, commonColumns, foundColumns } from './columns.ts'
import { deltaText, differences } from './difference.ts'
import { eventKind, severityOf, summaryOf } from './event-words.ts'
import { ExactNumber, parseExact, prettyExact } from './exact-json.ts'
import { toCsv, toNdjson } from './export-rows.ts'
import { exactText, fieldsOf, valueText } from './fields.ts'

type Data = NonNullable<Parameters<typeof create<typeof EventSchema>>[1]>['data']
const event = (data: Data, more: object = {}): Event =>
  create(EventSchema, { ...(data === undefined ? {} : { data }), ...more })
const json = (value: string): Event => event({ case: 'json', value })

test('numbers that a double would change keep their text', () => {
  const text = '{"id":12345678901234567890,"ns":1700000000000000001,"x":0.1,"e":1e400,"ok":42}'
  const value = parseExact(text) as Readonly<Record<string, unknown>>
  assert.ok(value.id instanceof ExactNumber && value.ns instanceof ExactNumber)
  assert.deepEqual([value.x, value.ok], [0.1, 42])
  assert.equal(prettyExact(parseExact(text)).replaceAll(/\s/g, ''), text)
  const [id, ns] = fieldsOf(json(text))
  assert.equal(id && valueText(id), '12,345,678,901,234,567,890')
  assert.equal(ns && exactText(ns), '1700000000000000001')
})

test('pretty JSON is JSON of the same value', () => {
  for (const text of ['null', '[]', '{}', '"a\\u0000<b>"', '[1,{"a":[true,null,"\\u202e"]}]', '-0.5']) {
    assert.deepEqual(JSON.parse(prettyExact(parseExact(text))), JSON.parse(text))
  }
})

test('each kind of data has its fields and its line', () => {
  const reading = event({ case: 'reading', value: { metrics: { a: 1, b: 0.5 }, units: { b: '1' } } })
  assert.equal(summaryOf(reading), 'a 1   b 50 %')
  assert.equal(
    summaryOf(event({ case: 'stateChange', value: { entity: 'door', from: 'open', to: 'shut' } })),
    'open → shut · door',
  )
  const alert = { rule: 'hot', severity: Alert_Severity.URGENT, status: Alert_Status.FIRING, message: '41 degrees' }
  assert.equal(summaryOf(event({ case: 'alert', value: alert })), 'FIRING · URGENT · hot · 41 degrees')
  assert.equal(summaryOf(json('{"a":{"b":1},"c":[1,2]}')), 'a.b 1   c [1, 2]')
  assert.equal(summaryOf(json('"<script>alert(1)</script>"')), '<script>alert(1)</script>')
  assert.equal(summaryOf(json('not json')), 'not json')
  assert.equal(
    summaryOf(event({ case: 'binary', value: { contentType: 'image/png', data: new Uint8Array(2048) } })),
    'contentType image/png   bytes 2 kB',
  )
  assert.equal(summaryOf(event(undefined)), '')
  assert.ok(summaryOf(json(JSON.stringify('x'.repeat(100_000)))).length < 300)
  assert.equal(eventKind(json('1')), 'json')
})

test('severity is what the event says', () => {
  assert.equal(severityOf(event({ case: 'step', value: { name: 's', status: Step_Status.ERROR } })), 'bad')
  assert.equal(severityOf(event(undefined, { labels: { severity: 'WARN' } })), 'warn')
  assert.equal(severityOf(event(undefined, { labels: { severity: 'INFO' } })), 'normal')
  assert.equal(severityOf(json('1')), 'none')
})

test('columns are what most events have, numbers are told', () => {
  const events = [json('{"a":1,"b":"x"}'), json('{"a":2}'), json('{"a":3,"c":1}')]
  const found = foundColumns(events)
  assert.deepEqual(
    found.map(({ name, count }) => [name, count]),
    [
      ['a', 3],
      ['b', 1],
      ['c', 1],
    ],
  )
  assert.deepEqual(
    commonColumns(found, events.length, 5).map(({ name, numeric }) => [name, numeric]),
    [['a', true]],
  )
})

test('names of columns come out of an address as they went in', () => {
  for (const names of [[], ['a'], ['a.b', 'c,d', '100%', '%2C', '=x()']]) {
    assert.deepEqual(columnNames(columnsText(names)), names)
  }
})

test('the numbers of a column have their points and their units below each other', () => {
  const shown = (unit: string, values: readonly number[]): readonly string[] => {
    const events = values.map((value) =>
      event({ case: 'reading', value: { metrics: { n: value }, units: { n: unit } } }),
    )
    const end = foundColumns(events)[0]?.end ?? noEnd
    return events.map((each) => alignedText(fieldsOf(each)[0] ?? { name: '', value: null, unit: '' }, end))
  }
  // Right-aligned in letters of one width, what ends alike stands below each other.
  assert.deepEqual(
    shown('Cel', [21, 21.5, 9.375, -3.25, 1204]).map((text) => text.replaceAll('\u00a0', ' ')),
    ['21     °C', '21.5   °C', '9.375 °C', '-3.25  °C', '1,204     °C'],
  )
  assert.deepEqual(
    shown('By', [999, 22_300_000_000]).map((text) => text.replaceAll('\u00a0', ' ')),
    ['999   B ', '22.3 GB'],
  )
  assert.deepEqual(shown('', [1, 20]), ['1', '20'])
})

test('a difference says what changed, by how much, what came and what went', () => {
  const told = differences(
    fieldsOf(json('{"a":10,"b":"x","d":1,"f":true}')),
    fieldsOf(json('{"a":12.5,"b":"x","c":1,"f":false}')),
  )
  assert.deepEqual(
    told.map(({ field, kind, delta }) => [field.name, kind, delta]),
    [
      ['a', 'changed', 2.5],
      ['b', 'same', undefined],
      ['c', 'added', undefined],
      ['f', 'changed', undefined],
      ['d', 'removed', undefined],
    ],
  )
})

test('exports: a formula in a text, a subject or a name is neutralised, a negative number is not', () => {
  const text = '{"n":-5,"big":-12345678901234567890,"t":"=1+1","w":" +2","q":"a\\"b,c","=x()":true}'
  const rows = [{ subject: '=s', seq: 7, event: json(text) }]
  assert.equal(
    toCsv(rows, ['n', 'big', 't', 'w', 'q', '=x()', 'none']),
    'time,subject,seq,n,big,t,w,q,\'=x(),none\r\n,\'=s,7,-5,-12345678901234567890,\'=1+1,\' +2,"a""b,c",true,\r\n',
  )
  assert.deepEqual(JSON.parse(toNdjson([{ subject: 's', seq: 7, event: json('{"n":-5,"t":"=1+1"}') }])), {
    subject: 's',
    seq: 7,
    event: { data: { n: -5, t: '=1+1' } },
  })
})

test('a difference is written in the unit of its value', () => {
  const told = (delta: number, value: number, unit: string): string => deltaText(delta, { value, unit })
  assert.equal(told(113_157_729, 22_100_000_000, 'By'), '+113 MB')
  assert.equal(told(-0.13, 18.21, 'Cel'), '−0.13 °C')
  assert.equal(told(0.006, 0.426, '1'), '+0.6 %')
  assert.equal(told(0.00001, 0.426, '1'), '+1e-5')
  assert.equal(told(0.5, 3.5, '1'), '+0.5')
  assert.equal(told(-2, 7, ''), '−2')
})

test('a text of several lines, and one with signs that have no shape, stays in its line', () => {
  const text = (value: string) => valueText({ value, unit: '' })
  assert.equal(text('a\nb\tc\u0000d\r\n\u2028e\u0085f\u009f'), 'a↵b c␀d↵↵e↵f�')
  assert.equal(text('á שלום'), 'á שלום')
  assert.equal(summaryOf(json('{"a\\nb": "c\\nd", "e": "f"}')), 'a↵b c↵d   e f')
})
