import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { EntryLog, type MemoryBudget } from './entry-log.ts'

const ringBytesMax = 100_000
/** The first segment of a log is never dropped, and one that was begun is not cut. */
const slackBytes = 2 * 65_536

const append = fc.record({
  log: fc.nat({ max: 1 }),
  subject: fc.nat({ max: 60 }).map((number) => `s.${number}`),
  bytes: fc.constantFrom(10, 500, 4_000),
  count: fc.integer({ min: 1, max: 30 }),
})

describe('the logs of a hub', () => {
  test('stay within their bounds together, hold the newest of what they do not forget, and give everything back', () => {
    fc.assert(
      fc.property(fc.array(append, { maxLength: 60 }), (appends) => {
        const budget: MemoryBudget = { ringBytes: 0, ringBytesMax, keptBytes: 0, keptBytesMax: 8_000 }
        const logs = [newLog(budget), newLog(budget)] as const
        const newest = [new Map<string, number>(), new Map<string, number>()] as const
        for (const { log: which, subject, bytes, count } of appends) {
          const log = logs[which as 0 | 1]
          for (let index = 0; index < count; index++) {
            const seq = log.head + 1
            log.append(subject, seq, new Uint8Array(bytes), 0, 0)
            newest[which as 0 | 1].set(subject, seq)
          }
          assert.equal(budget.ringBytes, logs[0].ringBytes + logs[1].ringBytes)
          assert.equal(budget.keptBytes, logs[0].keptBytes + logs[1].keptBytes)
          assert.ok(budget.ringBytes <= ringBytesMax + slackBytes, `${budget.ringBytes} bytes in rings`)
          assert.ok(log.ringBytes <= 60_000 + slackBytes, `${log.ringBytes} bytes in a ring`)
        }
        for (const [index, log] of logs.entries()) {
          for (const [subject, seq] of newest[index as 0 | 1]) {
            const held = log.latest(subject)?.seq
            if (held !== undefined || seq > log.latestFrom) assert.equal(held, seq, subject)
          }
          for (let at = log.indexAfter(log.completeFrom), seq = log.completeFrom + 1; seq <= log.head; at++, seq++) {
            assert.equal(log.at(at).seq, seq, 'every entry of the ring is there')
          }
          log.close()
        }
        assert.deepEqual([budget.ringBytes, budget.keptBytes], [0, 0])
      }),
      { numRuns: 200 },
    )
  })

  test('forget the quietest subjects first when there are too many', () => {
    const log = newLog({ ringBytes: 0, ringBytesMax: 1e9, keptBytes: 0, keptBytesMax: 1e9 })
    for (let seq = 1; seq <= 2_000; seq++) log.append(`s.${seq}`, seq, new Uint8Array(1_000), 0, 0)
    assert.ok(log.latestFrom > 0 && log.latestFrom < log.completeFrom)
    assert.equal(log.latest(`s.${log.latestFrom}`), undefined)
    assert.equal(log.latest(`s.${log.latestFrom + 1}`)?.seq, log.latestFrom + 1)
    assert.ok(log.subjectCount <= 20 + 200, `${log.subjectCount} subjects`)
  })
})

function newLog(budget: MemoryBudget): EntryLog {
  const bounds = { budget, ringBytesMax: 60_000, subjectsMax: 20, tombstonesMax: 10, tombstoneMs: 1e9 }
  const log = new EntryLog(bounds, () => undefined)
  log.begin(1)
  log.loaded(0, false)
  return log
}
