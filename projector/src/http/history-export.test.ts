import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { EventSchema } from '@weir/proto'
import type { StoredEvent } from '../db/history-query.ts'
import { exportFormats, exportStream } from './history-export.ts'

function item(seq: number, init: MessageInitShape<typeof EventSchema> = {}, subject = 'a.b'): StoredEvent {
  return { subject, seq, event: create(EventSchema, init) }
}

function jsonItem(value: string): StoredEvent {
  return item(1, { data: { case: 'json', value } })
}

const { head, line } = exportFormats.csv

test('a line of NDJSON is the item', () => {
  assert.equal(exportFormats.ndjson.line(item(1, { id: 'x\n' })), '{"subject":"a.b","seq":1,"event":{"id":"x\\n"}}\n')
})

test('numbers of JSON keep every digit that the producer wrote', () => {
  const text = '{"id":12345678901234567890,"x":1.10,"big":1e400}'
  const expected = `{"subject":"a.b","seq":1,"event":{"data":${text}}}\n`
  assert.equal(exportFormats.ndjson.line(jsonItem(text)), expected)
  assert.equal(line(jsonItem('12345678901234567890')), ',a.b,1,,,,,data,12345678901234567890\r\n')
})

test('cells of CSV are quoted where they must be, and no text becomes a formula', () => {
  assert.equal(head, 'time,subject,seq,id,type,source,labels,kind,data\r\n')
  const time = { seconds: 1_769_860_800n, nanos: 0 }
  const data = { case: 'json', value: '{"x":1}' } as const
  assert.equal(
    line(item(7, { time, id: '=1+1', type: 'a,b', source: 'say "hi"', data })),
    `2026-01-31T12:00:00Z,a.b,7,'=1+1,"a,b","say ""hi""",,data,"{""x"":1}"\r\n`,
  )
  assert.equal(line(item(1, {}, '=cmd')), `,'=cmd,1,,,,,,\r\n`)
  for (const formula of [
    '+1+1',
    '-1+1',
    '@x',
    '＝1+1',
    '＋1',
    '－1',
    '＠x',
    ' =1+1',
    '\u00a0=1',
    '\u200b=1',
    '-5 ',
    '- 5',
  ]) {
    assert.equal(line(item(1, { id: formula })), `,a.b,1,'${formula},,,,,\r\n`, JSON.stringify(formula))
  }
  assert.equal(line(item(1, { id: '\t=1' })), `,a.b,1,'\t=1,,,,,\r\n`)
})

test('a number stays a number in CSV', () => {
  for (const number of ['-5', '-0.25', '5', '-1e-7', '1E+9']) {
    assert.equal(line(jsonItem(number)), `,a.b,1,,,,,data,${number}\r\n`)
  }
})

test('an export asks for a page when the reader has taken the one before', async () => {
  let asked = 0
  async function* pages(): AsyncGenerator<StoredEvent[]> {
    for (let page = 0; page < 100; page++) {
      asked++
      yield [item(page)]
    }
  }
  const reader = exportStream(exportFormats.ndjson, pages()).getReader()
  for (let page = 0; page < 3; page++) await reader.read()
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(asked <= 5, `${asked} pages were read ahead`)
  await reader.cancel()
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(asked <= 5)
})

test('an error in the middle breaks the stream off', async () => {
  async function* pages(): AsyncGenerator<StoredEvent[]> {
    yield [item(1)]
    throw new Error('Postgres went away')
  }
  await assert.rejects(new Response(exportStream(exportFormats.csv, pages())).text())
})
