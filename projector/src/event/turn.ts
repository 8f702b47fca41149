import type { EventRecord } from './event-record.ts'

/**
 * The place of the last event that was taken in its turn. One that comes again out of its turn, as
 * a dead letter that is replayed, is older than what is known already.
 */
export class Turn {
  #epoch = 0
  #seq = 0

  isPast({ epoch, seq }: EventRecord): boolean {
    return epoch === this.#epoch && seq <= this.#seq
  }

  moveTo({ epoch, seq }: EventRecord): void {
    this.#epoch = epoch
    this.#seq = seq
  }

  forget(): void {
    this.#epoch = 0
    this.#seq = 0
  }
}
