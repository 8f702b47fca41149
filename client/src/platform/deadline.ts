import { WeirError } from '@weir/proto'
import type { Clock } from './clock.ts'

/**
 * For a race: rejects with `unavailable` after so many milliseconds. To be cancelled when the race
 * is over.
 */
export class Deadline {
  readonly passed: Promise<never>
  cancel: () => void = () => {}

  constructor(clock: Clock, delayMs: number, what: string) {
    this.passed = new Promise((_, reject) => {
      this.cancel = clock.after(delayMs, () => reject(new WeirError('unavailable', `${what} within ${delayMs} ms.`)))
    })
  }
}
