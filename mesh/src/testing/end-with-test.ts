import type { ChildProcess } from 'node:child_process'
import process from 'node:process'

const living: Set<ChildProcess> = new Set()
let isWatching = false

/**
 * Ends a child when this process ends, also when the test runner ends it because it took too long.
 * A child that went on would hold the output of the test open, and the runner would wait for it
 * without end.
 */
export function endWithTest(child: ChildProcess): void {
  living.add(child)
  child.once('exit', () => living.delete(child))
  if (isWatching) return
  isWatching = true
  process.once('exit', () => {
    for (const each of living) each.kill('SIGKILL')
  })
  process.once('SIGTERM', () => process.exit(143))
}
