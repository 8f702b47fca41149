import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CheckLoop } from './check-loop.ts'

/** Long enough to play no part. */
const everyMs = 3_600_000

class Checks {
  count = 0
  completed = 0
  readonly failures: number[] = []
  #end: ((outcome: Promise<void>) => void) | undefined
  readonly loop: CheckLoop = new CheckLoop({
    check: () => {
      this.count++
      return new Promise((resolve) => {
        this.#end = resolve
      })
    },
    completed: () => this.completed++,
    failed: (_, before) => {
      this.failures.push(before)
      return this.failures.length < 3
    },
  })

  /** Ends the check that runs. */
  async end(outcome: Promise<void> = Promise.resolve()): Promise<void> {
    this.#end?.(outcome)
    await new Promise(setImmediate)
  }
}

test('what is asked for before the loop begins, or while a check runs, is one check', async () => {
  const checks = new Checks()
  checks.loop.ask()
  assert.equal(checks.count, 0)
  checks.loop.begin(everyMs)
  assert.equal(checks.count, 1)
  checks.loop.ask()
  checks.loop.ask()
  await checks.end()
  assert.deepEqual([checks.count, checks.completed], [2, 0], 'somebody asked while the first ran')
  await checks.end()
  assert.deepEqual([checks.count, checks.completed], [2, 1])
  checks.loop.close()
})

test('a check that fails is tried again for as long as that is wanted, and counted anew after a success', async () => {
  const checks = new Checks()
  checks.loop.begin(everyMs)
  checks.loop.ask()
  const failure = new Error('away')
  await checks.end(Promise.reject(failure))
  while (checks.count < 2) await new Promise(setImmediate)
  await checks.end(Promise.reject(failure))
  while (checks.count < 3) await new Promise(setImmediate)
  assert.deepEqual(checks.failures, [0, 1])
  await checks.end()
  checks.loop.ask()
  await checks.end(Promise.reject(failure))
  assert.deepEqual([checks.failures, checks.completed], [[0, 1, 0], 1])
  checks.loop.close()
})

test('nothing is checked after the end', async () => {
  const checks = new Checks()
  checks.loop.begin(1)
  while (checks.count < 1) await new Promise(setImmediate)
  checks.loop.ask()
  checks.loop.close()
  await checks.end()
  checks.loop.ask()
  assert.equal(checks.count, 1)
})

test('a loop that is closed before it begins checks nothing, and keeps no timer', (context) => {
  const { setInterval } = globalThis
  context.after(() => {
    globalThis.setInterval = setInterval
  })
  globalThis.setInterval = () => assert.fail('a timer that nobody ends')
  const checks = new Checks()
  checks.loop.ask()
  checks.loop.close()
  checks.loop.begin(everyMs)
  assert.equal(checks.count, 0)
})
