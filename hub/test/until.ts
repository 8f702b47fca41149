import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

/** How long a test waits for what has to come: no test is to fail because the machine is slow. */
export const patienceMs = 45_000

/** Resolves when something has become true. */
export async function until(condition: () => boolean | Promise<boolean>, what = 'the condition'): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `${what} was not reached`)
    await sleep(20)
  }
}
