import { setTimeout as sleep } from 'node:timers/promises'
import type { LoadProcess } from './load-process.ts'

/**
 * Waits until every socket has the last number of each subject, or one has found a fault; throws
 * when neither has come within `ms`.
 */
export async function settled(load: LoadProcess, numbers: readonly number[], ms = 10_000): Promise<void> {
  const wanted = JSON.stringify(numbers)
  for (const start = performance.now(); performance.now() - start < ms; ) {
    const held = await load.ask('numbers').catch(() => [])
    if (JSON.stringify(held) === wanted || (await load.ask('tally')).faultCount > 0) return
    await sleep(200)
  }
  throw new Error(`after ${ms / 1000} s of quiet some sockets have not got the last of each subject`)
}
