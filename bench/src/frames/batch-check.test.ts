import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { batchHeadBytes, entryBytesMax, writeBatchHead, writeEntry } from '@weir/proto'
import { BatchCheck } from './batch-check.ts'
import { BenchEvent, benchSubject } from './bench-event.ts'

interface Batch {
  readonly from: number
  readonly to: number
  readonly conflated?: number
  readonly entries: readonly Entry[]
}

/** Its place in the stream, its subject, and which event of this subject it is; 0 for a removal. */
type Entry = readonly [seq: number, subject: number, number: number]

const event = new BenchEvent(200)

function encode({ from, to, conflated = 0, entries }: Batch): Uint8Array {
  const bytes = new Uint8Array(entries.length * entryBytesMax(20, 200))
  let end = 0
  for (const [seq, subject, number] of entries) {
    const payload = number === 0 ? new Uint8Array(0) : event.encode(number, 1_000 + seq)
    end = writeEntry(bytes, end, benchSubject(subject), seq, payload, number === 0 ? 1 : 0)
  }
  const head = { channel: 1, from, to, conflated, uncounted: false }
  const frame = new Uint8Array(batchHeadBytes(head, end) + end)
  frame.set(bytes.subarray(0, end), writeBatchHead(frame, 0, head, end))
  return frame
}

/**
 * Checks one batch after another, the cursor being where the last one ended, and gives the numbers
 * after them.
 */
function check(before: readonly number[], mode: 'ALL' | 'LATEST', cursor: number, ...batches: Batch[]): number[] {
  const checks = new BatchCheck(before, mode)
  let at = cursor
  for (const batch of batches) {
    const frame = encode(batch)
    // Not at the beginning of its buffer, as in a read.
    const read = Buffer.concat([Buffer.alloc(7), frame, Buffer.alloc(3)])
    const known = checks.check(read, 7, 7 + frame.length, at)
    const { from, to, conflated = 0, entries } = batch
    const micros = 1_000 + (entries[0]?.[0] ?? from)
    assert.deepEqual(known && { ...known }, { channel: 1, from, to, entries: entries.length, conflated, micros })
    at = to
  }
  return [...checks.numbers]
}

// Of the subjects 0 and 1, three events each were stored up to the sequence 6, the last of them on
// subject 1.
const before = [3, 3] as const
const first: Batch = {
  from: 6,
  to: 8,
  entries: [
    [7, 0, 4],
    [8, 1, 4],
  ],
}

describe('mode ALL', () => {
  test('batches that go on where it subscribed pass', () => {
    const second: Batch = {
      from: 8,
      to: 12,
      entries: [
        [9, 0, 5],
        [11, 0, 6],
        [12, 1, 5],
      ],
    }
    assert.deepEqual(check(before, 'ALL', 6, first, second), [6, 5])
  })

  const wrong: readonly (readonly [what: string, message: RegExp, batch: Batch])[] = [
    ['a hole on a subject', /on subject 0 the event 6 follows 4/, { from: 8, to: 9, entries: [[9, 0, 6]] }],
    ['an event a second time', /on subject 0 the event 4 follows 4/, { from: 8, to: 9, entries: [[9, 0, 4]] }],
    ['two events of a subject swapped', /the event 6 follows 4/, two([9, 0, 6], [10, 0, 5])],
    ['two entries swapped', /the entry 9 follows 10 in a batch up to 10/, two([10, 1, 5], [9, 0, 5])],
    ['an entry twice', /the entry 9 follows 9/, two([9, 0, 5], [9, 0, 5])],
    ['an entry past the end of its batch', /the entry 11 follows 8 .* up to 10/, { ...two([11, 0, 5]), to: 10 }],
    ['an entry before the beginning of its batch', /the entry 8 follows 8/, two([8, 0, 5])],
    ['a batch that begins past the cursor', /a batch begins at 9, not at the cursor 8/, { ...two(), from: 9 }],
    ['a batch that begins before the cursor', /a batch begins at 7, not at the cursor 8/, { ...two(), from: 7 }],
    ['a batch that leaves entries out', /mode ALL leaves entries out/, { ...two([10, 0, 5]), conflated: 1 }],
    ['a removal', /an entry is a removal/, two([9, 0, 0])],
    ['a subject that there is not', /there is no subject 2/, two([9, 2, 1])],
  ]
  for (const [what, message, batch] of wrong) {
    test(`${what} is a fault`, () => assert.throws(() => check(before, 'ALL', 6, first, batch), message))
  }

  test('an event that is missing right after it subscribed is a fault', () => {
    const batch: Batch = { from: 6, to: 9, entries: [[9, 0, 5]] }
    assert.throws(() => check(before, 'ALL', 6, batch), /on subject 0 the event 5 follows 3/)
  })

  test('an event from before it subscribed is a fault', () => {
    const batch: Batch = { from: 6, to: 7, entries: [[7, 0, 3]] }
    assert.throws(() => check(before, 'ALL', 6, batch), /on subject 0 the event 3 follows 3/)
  })
})

describe('mode LATEST', () => {
  const snapshot: Batch = {
    from: 0,
    to: 8,
    entries: [
      [6, 1, 3],
      [8, 0, 5],
    ],
  }

  test('a snapshot with what was stored or newer, and then holes that the batch counts, pass', () => {
    assert.deepEqual(
      check(before, 'LATEST', 0, snapshot, { from: 8, to: 12, conflated: 3, entries: [[12, 1, 6]] }),
      [5, 6],
    )
  })

  test('a snapshot that lacks a subject leaves its number behind', () => {
    const [, second] = check(before, 'LATEST', 0, { from: 0, to: 8, entries: [[8, 0, 5]] })
    assert.ok((second as number) < before[1])
  })

  test('a snapshot with an older value than was stored is a fault', () => {
    const stale: Batch = { from: 0, to: 8, entries: [[4, 1, 2]] }
    assert.throws(() => check(before, 'LATEST', 0, stale), /on subject 1 the event 2 follows 2/)
  })

  test('a value twice, and an older one after a newer one, are faults', () => {
    for (const number of [5, 4]) {
      const batch: Batch = { from: 8, to: 12, entries: [[12, 0, number]] }
      assert.throws(() => check(before, 'LATEST', 0, snapshot, batch), new RegExp(`the event ${number} follows 5`))
    }
  })
})

test('other frames are none of its business', () => {
  assert.equal(new BatchCheck(before, 'ALL').check(Uint8Array.of(0x12, 0), 0, 2, 0), undefined)
})

test('a batch that is cut off is a fault, not a loop without an end', () => {
  const frame = encode(first)
  for (let end = 2; end < frame.length; end++) {
    assert.throws(() => new BatchCheck(before, 'ALL').check(frame.slice(0, end), 0, end, 6), `cut at ${end}`)
  }
})

/** What follows `first`, up to the sequence 10. */
function two(...entries: Entry[]): Batch {
  return { from: 8, to: 10, entries }
}
