import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { limits } from '../../limits.ts'
import { AlertMachine, type AlertTimes } from './alert-machine.ts'
import type { Cause } from './cause.ts'

const times = (partial: Partial<AlertTimes> = {}): AlertTimes => ({
  absentMs: undefined,
  forMs: 0,
  keepFiringForMs: 0,
  noData: undefined,
  ...partial,
})

/** An event that was stored at this time. */
function at(atMs: number): Cause {
  return { epoch: 1, seq: atMs, atMs }
}

function phaseOf(machine: AlertMachine, key = 'k'): string {
  return machine.get(key)?.phase ?? 'quiet'
}

test('without waits it fires and is quiet as the condition says', () => {
  const machine = new AlertMachine(times(), 10)
  machine.observe('k', false, at(0))
  assert.equal(machine.size, 0)
  machine.observe('k', true, at(1))
  assert.deepEqual({ ...machine.get('k') }.phase, 'firing')
  assert.deepEqual([...machine.takeChanged().keys()], ['k'])
  machine.observe('k', false, at(2))
  assert.equal(phaseOf(machine), 'quiet')
  assert.deepEqual([...machine.takeChanged().keys()], ['k'])
  assert.equal(machine.size, 0)
})

test('the condition has to hold for as long as declared', () => {
  const machine = new AlertMachine(times({ forMs: 10 }), 10)
  machine.observe('k', true, at(0))
  assert.equal(phaseOf(machine), 'pending')
  machine.observe('k', false, at(9))
  machine.observe('k', true, at(10))
  machine.advance(19)
  assert.equal(phaseOf(machine), 'pending')
  machine.advance(20)
  assert.equal(phaseOf(machine), 'firing')
  assert.equal(machine.get('k')?.sinceMs, 10)
})

test('a condition that comes and goes does not flap', () => {
  const machine = new AlertMachine(times({ keepFiringForMs: 100 }), 10)
  machine.observe('k', true, at(0))
  machine.takeChanged()
  for (let ms = 1; ms < 50; ms++) machine.observe('k', ms % 2 === 0, at(ms))
  assert.equal(machine.takeChanged().size, 0)
  // It has not held since 49.
  machine.observe('k', false, at(60))
  machine.advance(148)
  assert.equal(phaseOf(machine), 'firing')
  machine.advance(149)
  assert.equal(phaseOf(machine), 'quiet')
})

test('absence fires for a key that was seen, and ends with its next event', () => {
  const machine = new AlertMachine(times({ absentMs: 30 }), 10)
  machine.observe('k', false, at(100))
  machine.observe('k', false, at(120))
  machine.advance(149)
  assert.equal(phaseOf(machine), 'quiet')
  machine.advance(150)
  assert.equal(phaseOf(machine), 'firing')
  assert.equal(machine.get('k')?.sinceMs, 150)
  machine.observe('k', false, at(200))
  assert.equal(phaseOf(machine), 'quiet')
  machine.advance(230)
  assert.equal(phaseOf(machine), 'firing')
})

test('what a person resolved stays so until the cause is gone', () => {
  const machine = new AlertMachine(times(), 10)
  machine.observe('k', true, at(0))
  machine.mute('k')
  machine.observe('k', true, at(6))
  assert.equal(phaseOf(machine), 'muted')
  machine.observe('k', false, at(7))
  machine.observe('k', true, at(8))
  assert.equal(phaseOf(machine), 'firing')
})

test('an absence that a person resolved is watched again from the next event', () => {
  const machine = new AlertMachine(times({ absentMs: 30 }), 10)
  machine.observe('k', false, at(0))
  machine.advance(30)
  machine.mute('k')
  machine.advance(1_000)
  assert.equal(phaseOf(machine), 'muted')
  machine.observe('k', false, at(1_000))
  machine.advance(1_030)
  assert.equal(phaseOf(machine), 'firing')
})

test('an alert that fired before a restart goes on firing', () => {
  const machine = new AlertMachine(times({ keepFiringForMs: 10 }), 10)
  machine.adopt('k', 'firing', 5, at(5))
  assert.equal(machine.takeChanged().size, 0)
  machine.observe('k', true, at(100))
  assert.equal(machine.takeChanged().size, 0)
  machine.observe('k', false, at(110))
  machine.advance(120)
  assert.deepEqual([...machine.takeChanged().keys()], ['k'])
})

test('past the bound further keys are not watched, and the caller is told', () => {
  const machine = new AlertMachine(times(), 2)
  assert.equal(machine.observe('a', true, at(0)), true)
  assert.equal(machine.observe('b', true, at(0)), true)
  assert.equal(machine.observe('c', true, at(0)), false)
  assert.equal(machine.observe('c', false, at(0)), true)
  machine.observe('a', false, at(1))
  assert.equal(machine.observe('c', true, at(2)), true)
})

test('a backlog sets off nothing that the newest event does not say', () => {
  const machine = new AlertMachine(times(), 10)
  machine.observe('k', true, at(100), true)
  machine.observe('k', true, at(101), true)
  machine.observe('k', false, at(102))
  machine.advance(100_000)
  assert.equal(machine.takeChanged().get('k')?.cause.seq, 102)
  assert.equal(machine.size, 0)
  // Nor does it resolve what still holds.
  machine.observe('k', true, at(200_000))
  machine.takeChanged()
  machine.observe('k', false, at(200_100), true)
  machine.observe('k', true, at(200_101))
  machine.advance(300_000)
  assert.equal(machine.takeChanged().size, 0)
  assert.equal(phaseOf(machine), 'firing')
})

test('late events that no newer one follows count after a while, and at once when a new one agrees', () => {
  const machine = new AlertMachine(times(), 10)
  machine.observe('late', true, at(100), true)
  machine.observe('late', true, at(5_000), true)
  machine.observe('both', true, at(6_000), true)
  assert.equal(phaseOf(machine, 'both'), 'pending')
  machine.observe('both', true, at(6_001))
  assert.equal(phaseOf(machine, 'both'), 'firing')
  machine.advance(100 + limits.lateSettleMs - 1)
  assert.equal(phaseOf(machine, 'late'), 'pending')
  machine.advance(100 + limits.lateSettleMs)
  assert.equal(phaseOf(machine, 'late'), 'firing')
  machine.observe('late', false, at(20_000), true)
  assert.equal(phaseOf(machine, 'late'), 'firing')
  machine.advance(20_000 + limits.lateSettleMs)
  assert.equal(phaseOf(machine, 'late'), 'quiet')
})

test('a key without data is resolved, or fires, after its time', () => {
  const resolves = new AlertMachine(times({ noData: { becomes: 'quiet', afterMs: 50 } }), 10)
  resolves.observe('k', true, at(0))
  resolves.observe('k', true, at(30))
  resolves.takeChanged()
  resolves.advance(79)
  assert.equal(phaseOf(resolves), 'firing')
  resolves.advance(80)
  assert.equal(phaseOf(resolves), 'quiet')
  assert.deepEqual(resolves.takeChanged().get('k'), { cause: { epoch: 1, seq: 30, atMs: 80 }, noData: true })

  const fires = new AlertMachine(times({ noData: { becomes: 'firing', afterMs: 50 } }), 10)
  fires.observe('k', false, at(0))
  fires.advance(49)
  assert.equal(phaseOf(fires), 'quiet')
  fires.advance(50)
  assert.equal(phaseOf(fires), 'firing')
  assert.equal(fires.takeChanged().get('k')?.noData, true)
  fires.observe('k', false, at(60))
  assert.equal(phaseOf(fires), 'quiet')
  assert.equal(fires.takeChanged().get('k')?.noData, false)
})

test('how often time is told makes no difference to what happens', () => {
  const step = fc.record({
    key: fc.constantFrom('a', 'b'),
    holds: fc.boolean(),
    late: fc.boolean(),
    wait: fc.integer({ min: 0, max: 40 }),
  })
  const rule = fc.record({
    absentMs: fc.constantFrom(undefined, 25),
    forMs: fc.constantFrom(0, 10),
    keepFiringForMs: fc.constantFrom(0, 15),
    noData: fc.constantFrom(
      undefined,
      { becomes: 'quiet', afterMs: 20 } as const,
      { becomes: 'firing', afterMs: 20 } as const,
    ),
  })
  fc.assert(
    fc.property(rule, fc.array(step, { maxLength: 30 }), fc.array(fc.nat(60)), (rule, steps, ticks) => {
      // Absence is no data already: a file cannot declare both.
      if (rule.absentMs !== undefined && rule.noData !== undefined) return
      const run = (extra: readonly number[]): string[] => {
        const machine = new AlertMachine(rule, 10)
        const seen: string[] = []
        const note = (): void => {
          for (const [key, { cause }] of machine.takeChanged()) {
            const { phase = 'quiet' } = machine.get(key) ?? {}
            seen.push(phase === 'quiet' ? `${key} quiet` : `${key} ${phase} ${cause.atMs}`)
          }
        }
        let at = 0
        for (const { key, holds, late, wait } of steps) {
          for (const tick of extra) {
            if (tick <= wait) machine.advance(at + tick)
            note()
          }
          at += wait
          machine.advance(at)
          note()
          machine.observe(key, rule.absentMs === undefined && holds, { epoch: 1, seq: at, atMs: at }, late)
          note()
        }
        return seen.filter((line) => line.includes('firing'))
      }
      const once = new Set(run([]))
      const often = new Set(run([...ticks].sort((a, b) => a - b)))
      for (const line of once) assert.ok(often.has(line), line)
    }),
  )
})
