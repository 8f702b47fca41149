import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Removal } from '@weir/proto'
import fc from 'fast-check'
import { EntryLog } from './entry-log.ts'
import { MemoryBudget } from './memory-budget.ts'

const logCount = 6
/** Of one log, and of all together. */
const ringBytesMax = 60_000
const ringsBytesMax = 150_000
const keptBytesMax = 8_000
const tombstoneMs = 1_000
/**
 * A log that grows keeps one segment whatever the others have: an eighth of its bound, and what
 * stands around its entries.
 */
const segmentCost = 25_000

const append = fc.record({
  log: fc.nat({ max: logCount - 1 }),
  subject: fc.nat({ max: 60 }).map((number) => `s.${number}`),
  bytes: fc.constantFrom(100, 500, 4_000),
  count: fc.integer({ min: 1, max: 30 }),
})

describe('the logs of a hub', () => {
  test('stay within their bounds together, hold the newest of what they do not forget, and give everything back', () => {
    let most = 0
    fc.assert(
      fc.property(fc.array(append, { maxLength: 200, size: 'max' }), (appends) => {
        const budget = new MemoryBudget({ ringBytesMax: ringsBytesMax, keptBytesMax })
        const held = Array.from({ length: logCount }, () => ({
          log: newLog(budget),
          newest: new Map<string, number>(),
        }))
        const sum = (of: (log: EntryLog) => number): number => held.reduce((total, { log }) => total + of(log), 0)
        for (const { log: which, subject, bytes, count } of appends) {
          const { log, newest } = held[which] as (typeof held)[number]
          for (let index = 0; index < count; index++) {
            const seq = log.head + 1
            log.append(subject, seq, new Uint8Array(bytes), 0, 0)
            newest.set(subject, seq)
          }
          assert.equal(
            budget.ringBytes,
            sum(({ ringBytes }) => ringBytes),
          )
          assert.equal(
            budget.keptBytes,
            sum(({ keptBytes }) => keptBytes),
          )
          assert.ok(budget.ringBytes <= ringsBytesMax + logCount * segmentCost, `${budget.ringBytes} bytes in rings`)
          assert.ok(log.ringBytes <= ringBytesMax + segmentCost, `${log.ringBytes} bytes in a ring`)
          assert.ok(budget.keptBytes <= keptBytesMax, `${budget.keptBytes} bytes beyond rings`)
          most = Math.max(most, budget.ringBytes)
        }
        for (const { log, newest } of held) {
          for (const [subject, seq] of newest) {
            const known = log.latest(subject)?.seq
            if (known !== undefined || seq > log.latestFrom) assert.equal(known, seq, subject)
          }
          for (let at = log.indexAfter(log.completeFrom), seq = log.completeFrom + 1; seq <= log.head; at++, seq++) {
            assert.equal(log.entries[at]?.seq, seq, 'every entry of the ring is there')
          }
          log.close()
        }
        assert.deepEqual([budget.ringBytes, budget.keptBytes], [0, 0])
      }),
      { numRuns: 100, includeErrorInReport: true },
    )
    assert.ok(most > ringsBytesMax - segmentCost, 'the bound was reached')
  })

  test('forget the quietest subjects first when there are too many', () => {
    const log = newLog(new MemoryBudget({ ringBytesMax: 1e9, keptBytesMax: 1e9 }))
    for (let seq = 1; seq <= 2_000; seq++) log.append(`s.${seq}`, seq, new Uint8Array(1_000), 0, 0)
    assert.ok(log.latestFrom > 0 && log.latestFrom < log.completeFrom)
    assert.equal(log.latest(`s.${log.latestFrom}`), undefined)
    assert.equal(log.latest(`s.${log.latestFrom + 1}`)?.seq, log.latestFrom + 1)
    assert.ok(log.subjectCount <= 20 + 200, `${log.subjectCount} subjects`)
  })

  test('of one tenant give back what another needs, whoever grows, and no more', () => {
    const budget = new MemoryBudget({ ringBytesMax: 400_000, keptBytesMax: 200_000 })
    const bounds = { budget, ringBytesMax: 400_000, subjectsMax: 1e6, tombstonesMax: 10, tombstoneMs }
    const open = (tenant: string): EntryLog => {
      const log = new EntryLog({ ...bounds, tenant }, () => undefined)
      log.begin(1)
      log.loaded(0, 1, false)
      return log
    }
    const [one, two, modest] = [open('greedy'), open('greedy'), open('modest')]
    const fill = (log: EntryLog, count: number, subject: string): void => {
      for (let at = 0; at < count; at++)
        log.append(`${subject}.${at}`, log.head + 1, new Uint8Array(500), Removal.UNSPECIFIED, 0)
    }
    for (const log of [one, two]) fill(log, 5_000, 's')
    assert.ok(budget.keptBytes > 150_000 && budget.ringBytes > 300_000, 'all is taken')
    fill(modest, 80, 'first')
    assert.equal(modest.completeFrom, 0, 'what it has stays in its ring')
    fill(modest, 80, 'second')
    const { keptBytes, ringBytes } = modest
    for (const log of [one, two]) fill(log, 5_000, 'more')
    assert.deepEqual([modest.keptBytes, modest.ringBytes], [keptBytes, ringBytes])
    assert.ok(modest.latest('first.0') !== undefined)
    assert.ok(budget.keptBytes <= 200_000 && budget.ringBytes <= 400_000 + 50_000 * 3, `${budget.ringBytes}`)
    for (const log of [one, two, modest]) log.close()
    assert.deepEqual([budget.keptBytes, budget.ringBytes], [0, 0])
  })

  test('forget removals that are too old or too many, and say from where on all are known', () => {
    const log = newLog(new MemoryBudget({ ringBytesMax: 1e9, keptBytesMax: 1e9 }))
    let seq = 0
    const fill = (): void => {
      for (let count = 0; count < 200; count++) log.append('filler', ++seq, new Uint8Array(1_000), 0, 0)
    }
    log.append('old', ++seq, new Uint8Array(0), 1, 0)
    fill()
    log.forgetRemovals(tombstoneMs)
    assert.equal(log.removalsFrom, 0)
    log.forgetRemovals(tombstoneMs + 1)
    assert.equal(log.removalsFrom, 1)
    for (let count = 0; count < 11; count++) log.append(`s.${count}`, ++seq, new Uint8Array(0), 1, tombstoneMs)
    const first = seq - 10
    fill()
    log.forgetRemovals(tombstoneMs)
    assert.equal(log.removalsFrom, first, 'ten are known')
  })

  test('say that a removal is forgotten when the table is too small for it', () => {
    const log = newLog(new MemoryBudget({ ringBytesMax: 1e9, keptBytesMax: 1e9 }))
    log.append('gone', 1, new Uint8Array(0), 2, 0)
    for (let seq = 2; seq <= 500; seq++) log.append(`s.${seq}`, seq, new Uint8Array(1_000), 0, 0)
    assert.ok(log.latestFrom > 1)
    assert.equal(log.removalsFrom, 1)
  })

  test('know of no more removals after a load than were remembered in it', () => {
    const log = newLog(new MemoryBudget({ ringBytesMax: 1e9, keptBytesMax: 1e9 }))
    log.begin(2)
    let seq = 0
    log.append('expired', ++seq, new Uint8Array(0), 2, 0)
    for (let count = 0; count < 100; count++) {
      log.append(`deleted.${count}`, ++seq, new Uint8Array(0), 1, 0)
      for (let each = 0; each < 10; each++) log.append('filler', ++seq, new Uint8Array(500), 0, 0)
    }
    const { removalsFrom } = log
    assert.ok(removalsFrom > 1)
    log.loaded(seq, 1, true)
    assert.equal(log.removalsFrom, removalsFrom)
  })
})

function newLog(budget: MemoryBudget, tenant = 'main'): EntryLog {
  const bounds = { tenant, budget, ringBytesMax, subjectsMax: 20, tombstonesMax: 10, tombstoneMs }
  const log = new EntryLog(bounds, () => undefined)
  log.begin(1)
  log.loaded(0, 1, false)
  return log
}
