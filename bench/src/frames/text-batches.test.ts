import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TextBatches } from './text-batches.ts'

function json(from: number, to: number): Buffer {
  const entries = Array.from({ length: to - from }, (_, index) => ({
    subject: 'bench.s1',
    seq: from + 1 + index,
    event: {},
  }))
  return Buffer.from(JSON.stringify({ type: 'batch', channel: 1, from, to, cursor: `a-${to}`, conflated: 0, entries }))
}

function sse(from: number, to: number): Buffer {
  const lines = Array.from({ length: to - from }, (_, index) => {
    const seq = from + 1 + index
    return `id: a-${seq}\ndata: ${JSON.stringify({ subject: 'bench.s1', seq, event: {} })}\n\n`
  })
  return Buffer.from(lines.join(''))
}

for (const [name, encode] of [
  ['JSON', json],
  ['server-sent events', sse],
] as const) {
  test(`a batch in ${name} is counted once, and known by its beginning from then on`, () => {
    const batches = new TextBatches()
    const bytes = encode(10, 15)
    assert.equal(batches.find(bytes, 0, 64, bytes.length), undefined)
    assert.equal(batches.count(bytes, 0, bytes.length)?.entries, 5)
    assert.equal(batches.find(bytes, 0, 64, bytes.length)?.entries, 5)
    for (const other of [encode(10, 16), encode(15, 20)]) {
      assert.equal(batches.find(other, 0, 64, other.length), undefined)
    }
  })
}

for (const text of [
  ':\n\n',
  'retry: 2000\n\n',
  'id: a-10\n\n',
  'event: gap\ndata: {"from":1}\n\n',
  '{"type":"welcome"}',
]) {
  test(`${JSON.stringify(text)} is no batch`, () => {
    const bytes = Buffer.from(text)
    assert.equal(new TextBatches().count(bytes, 0, bytes.length), undefined)
  })
}
