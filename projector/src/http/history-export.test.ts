import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HistoryItem } from '../db/history-query.ts'
import { exportFormats, exportStream } from './history-export.ts'

function item(seq: number, event: HistoryItem['event'] = {}): HistoryItem {
  return { subject: 'a.b', seq, event }
}

test('a line of NDJSON is the item', () => {
  assert.equal(exportFormats.ndjson.line(item(1, { id: 'x\n' })), '{"subject":"a.b","seq":1,"event":{"id":"x\\n"}}\n')
})

test('cells of CSV are quoted where they must be, and no text becomes a formula', () => {
  const { head, line } = exportFormats.csv
  assert.equal(head, 'time,subject,seq,id,type,source,labels,kind,data\r\n')
  const event = { time: '2026-01-31T12:00:00Z', id: '=1+1', type: 'a,b', source: 'say "hi"', data: { x: 1 } }
  assert.equal(line(item(7, event)), `2026-01-31T12:00:00Z,a.b,7,'=1+1,"a,b","say ""hi""",,data,"{""x"":1}"\r\n`)
  assert.equal(line({ subject: '=cmd', seq: 1, event: {} }), `,'=cmd,1,,,,,,\r\n`)
})

test('an export asks for a page when the reader has taken the one before', async () => {
  let asked = 0
  async function* pages(): AsyncGenerator<HistoryItem[]> {
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
  async function* pages(): AsyncGenerator<HistoryItem[]> {
    yield [item(1)]
    throw new Error('Postgres went away')
  }
  await assert.rejects(new Response(exportStream(exportFormats.csv, pages())).text())
})
