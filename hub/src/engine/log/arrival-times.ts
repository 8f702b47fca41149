import { limits } from '../../limits.ts'

/**
 * When the entries of a log came, in bounded memory: to a quarter of a second at first, and the
 * older the coarser.
 */
export class ArrivalTimes {
  #marks: Mark[] = []

  /** `now` is milliseconds that only grow. */
  note(seq: number, now: number): void {
    const last = this.#marks.at(-1)
    if (last !== undefined && now - last.at < limits.arrivalPrecisionMs) {
      last.seq = seq
      return
    }
    this.#marks.push({ seq, at: now })
    const { length } = this.#marks
    // The newest stays.
    if (length > limits.arrivalMarksMax) this.#marks = this.#marks.filter((_, index) => (length - index) % 2 === 1)
  }

  /**
   * For how many milliseconds the first entry past a sequence has been here. What came before the
   * first one that was noted has been for longer than it says.
   */
  ageOf(seq: number, now: number): number {
    const mark = this.#marks.find((each) => each.seq > seq) ?? this.#marks.at(-1)
    return mark === undefined ? 0 : now - mark.at
  }

  clear(): void {
    this.#marks = []
  }
}

/** What came from a time on, up to a sequence. */
interface Mark {
  seq: number
  readonly at: number
}
