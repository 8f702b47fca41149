import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AlertMachine, type AlertTimes } from './alert-machine.ts'
import type { Cause } from './cause.ts'

const times = (partial: Partial<AlertTimes> = {}): AlertTimes => ({
  absentMs: undefined,
  forMs: 0,
  keepFiringForMs: 0,
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

test('how often time is told makes no difference to what happens', () => {
  const step = fc.record({ key: fc.constantFrom('a', 'b'), holds: fc.boolean(), wait: fc.integer({ min: 0, max: 40 }) })
  const rule = fc.record({
    absentMs: fc.constantFrom(undefined, 25),
    forMs: fc.constantFrom(0, 10),
    keepFiringForMs: fc.constantFrom(0, 15),
  })
  fc.assert(
    fc.property(rule, fc.array(step, { maxLength: 30 }), fc.array(fc.nat(60)), (rule, steps, ticks) => {
      const run = (extra: readonly number[]): string[] => {
        const machine = new AlertMachine(rule, 10)
        const seen: string[] = []
        const note = (): void => {
          for (const [key, { atMs }] of machine.takeChanged()) {
            const { phase = 'quiet' } = machine.get(key) ?? {}
            seen.push(phase === 'quiet' ? `${key} quiet` : `${key} ${phase} ${atMs}`)
          }
        }
        let at = 0
        for (const { key, holds, wait } of steps) {
          for (const tick of extra) {
            if (tick <= wait) machine.advance(at + tick)
            note()
          }
          at += wait
          machine.advance(at)
          note()
          machine.observe(key, rule.absentMs === undefined && holds, { epoch: 1, seq: at, atMs: at })
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
