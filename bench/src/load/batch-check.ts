import { BatchReader } from './batch-reader.ts'
import { eventMicros, eventNumber, subjectIndex } from './bench-event.ts'
import type { KnownBatch } from './known-batches.ts'

/**
 * Checks every entry that one subscription gets: batches continue each other, sequences grow within them, and on each
 * subject the numbers of the events follow each other without a hole (mode ALL) or grow (mode LATEST).
 */
export class BatchCheck {
  /** Number of the last event of each subject, 0 before the first. */
  readonly numbers: Int32Array
  readonly #holes: boolean
  readonly #reader = new BatchReader()

  constructor(subjects: number, mode: 'ALL' | 'LATEST') {
    this.numbers = new Int32Array(subjects)
    this.#holes = mode === 'LATEST'
  }

  /** Reads a whole batch; undefined for other frames. Throws on what must not be. */
  check(bytes: Uint8Array, start: number, end: number, cursor: number): KnownBatch | undefined {
    const reader = this.#reader
    if (!reader.read(bytes, start, end)) return undefined
    const { channel, from, to, conflated } = reader
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
    const follows = this.#holes || before === 0 ? number > before : number === before + 1
    if (!follows) throw new Error(`on subject ${subject} the event ${number} follows ${before}`)
    this.numbers[subject] = number
  }
}
