import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'

/**
 * Whether a process does anything any more: one that has ended and that nobody waited for does not.
 */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const stat = `/proc/${pid}/stat`
  return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, 'latin1'))
}

/**
 * Waits until the condition holds; throws with what was waited for, and what is there instead if
 * that is told, when it does not within the deadline. The deadline is long, as no test is to fail
 * because the machine is slow.
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadlineMs = 45_000,
  seen: () => unknown = () => undefined,
): Promise<void> {
  const deadline = Date.now() + deadlineMs
  while (!(await condition())) {
    if (Date.now() > deadline) {
      const instead = await seen()
      const told = instead === undefined ? '' : ` There is: ${inspect(instead, { breakLength: 120 })}`
      throw new Error(`Waited ${deadlineMs / 1000} s in vain until ${what}.${told}`)
    }
    await sleep(20)
  }
}
