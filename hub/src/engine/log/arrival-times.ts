import { limits } from '../../limits.ts'

/**
 * Remembers when the entries of a log arrived, in bounded memory. The precision is a quarter of a
 * second for new entries and gets coarser with age.
 */
export class ArrivalTimes {
  #marks: Mark[] = []

  /** Records an arrival. `now` is in milliseconds and never decreases. */
  note(seq: number, now: number): void {
    const last = this.#marks.at(-1)
    if (last !== undefined && now - last.at < limits.arrivalPrecisionMs) {
      last.seq = seq
      return
    }
    this.#marks.push({ seq, at: now })
    const { length } = this.#marks
    // The newest mark stays.
    if (length > limits.arrivalMarksMax) this.#marks = this.#marks.filter((_, index) => (length - index) % 2 === 1)
  }

  /**
   * Returns for how many milliseconds the log has had the first entry past a sequence. For entries
   * before the first mark the true age is higher.
   */
  ageOf(seq: number, now: number): number {
    const mark = this.#marks.find((each) => each.seq > seq) ?? this.#marks.at(-1)
    return mark === undefined ? 0 : now - mark.at
  }

  clear(): void {
    this.#marks = []
  }
}

/** Entries up to `seq` arrived at `at` or shortly after it. */
interface Mark {
  seq: number
  readonly at: number
}
