import { BatchReader } from './batch-reader.ts'
import { eventMicros, eventNumber, subjectIndex } from './bench-event.ts'
import type { KnownBatch } from './known-batches.ts'

/**
 * Checks every entry that one subscription gets: batches continue each other, sequences grow within
 * them, and on each subject the numbers of the events follow each other without a hole (mode ALL)
 * or grow (mode LATEST).
 */
export class BatchCheck {
  /** Number of the last event of each subject. */
  readonly numbers: Int32Array
  readonly #holes: boolean
  readonly #reader = new BatchReader()

  /**
   * `before` are the numbers of the last events of each subject that were stored before it
   * subscribed: mode ALL goes on after them, and mode LATEST begins with a snapshot, which holds
   * them or newer ones.
   */
  constructor(before: readonly number[], mode: 'ALL' | 'LATEST') {
    this.#holes = mode === 'LATEST'
    this.numbers = Int32Array.from(before, (number) => (this.#holes ? number - 1 : number))
  }

  /** Reads a whole batch; undefined for other frames. Throws on what must not be. */
  check(bytes: Uint8Array, start: number, end: number, cursor: number): KnownBatch | undefined {
    const reader = this.#reader
    if (!reader.read(bytes, start, end)) return undefined
    const { channel, from, to, conflated } = reader
    if (reader.saysEnd !== end) throw new Error('a batch does not end where it says')
    if (from !== cursor) throw new Error(`a batch begins at ${from}, not at the cursor ${cursor}`)
    if (!this.#holes && conflated > 0) throw new Error('a batch of mode ALL leaves entries out')
    let [entries, micros, last] = [0, 0, from]
    while (reader.next()) {
      const { seq, eventStart } = reader
      if (seq <= last || seq > to) throw new Error(`the entry ${seq} follows ${last} in a batch up to ${to}`)
      last = seq
      if (eventStart === 0) throw new Error('an entry is a removal; none was made')
      this.#count(subjectIndex(bytes, reader.subjectStart, reader.subjectEnd), eventNumber(bytes, eventStart))
      if (entries === 0) micros = eventMicros(bytes, eventStart)
      entries++
    }
    return { channel, from, to, entries, conflated, micros }
  }

  #count(subject: number, number: number): void {
    const before = this.numbers[subject]
    if (before === undefined) throw new Error(`there is no subject ${subject}`)
    const follows = this.#holes ? number > before : number === before + 1
    if (!follows) throw new Error(`on subject ${subject} the event ${number} follows ${before}`)
    this.numbers[subject] = number
  }
}
