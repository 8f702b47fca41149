/** How samples are kept: one for each step, and those that a span before the newest may ask for. */
export interface Stepping {
  readonly spanMs: number
  readonly stepMs: number
}

/** What becomes of two samples of one step: the newer one stays, or their values are added. */
export type Combine<Value> = 'newest' | ((one: Value, other: Value) => Value)

/**
 * Values of one thing by the times at which they were taken. Of each step of time one sample is
 * kept, and of all that is older than the span before the newest one more. So the memory is bounded
 * however many samples come, and what is kept does not depend on the order in which they came.
 */
export class SteppedSamples<Value> {
  readonly #stepping: Stepping
  readonly #combine: Combine<Value>
  // Of each sample, by time. Three arrays take a third of the memory of one of objects.
  readonly #times: number[] = []
  readonly #seqs: number[] = []
  readonly #values: Value[] = []
  #newestMs = 0

  constructor(stepping: Stepping, combine: Combine<Value>) {
    this.#stepping = stepping
    this.#combine = combine
  }

  get length(): number {
    return this.#times.length
  }

  get newestMs(): number {
    return this.#newestMs
  }

  timeAt(index: number): number {
    return this.#times[index] ?? Number.NaN
  }

  valueAt(index: number): Value | undefined {
    return this.#values[index]
  }

  /** The begin of the step that a time is in. */
  stepOf(timeMs: number): number {
    return Math.floor(timeMs / this.#stepping.stepMs) * this.#stepping.stepMs
  }

  /** The index of the newest sample before a time; -1 when there is none. */
  lastBefore(timeMs: number): number {
    let index = this.#times.length - 1
    while (index >= 0 && (this.#times[index] as number) >= timeMs) index--
    return index
  }

  /** @param seq tells of two samples of one time which is the newer one */
  add(timeMs: number, seq: number, value: Value): void {
    const step = this.stepOf(timeMs)
    // Most come in the order of their times.
    let index = this.#times.length - 1
    while (index >= 0 && this.stepOf(this.#times[index] as number) > step) index--
    const known = this.#times[index]
    if (known !== undefined && this.stepOf(known) === step) this.#join(index, timeMs, seq, value)
    else {
      this.#times.splice(index + 1, 0, timeMs)
      this.#seqs.splice(index + 1, 0, seq)
      this.#values.splice(index + 1, 0, value)
    }
    if (timeMs > this.#newestMs) this.#newestMs = timeMs
    const beginMs = this.stepOf(this.#newestMs - this.#stepping.spanMs)
    let needed = 0
    while (needed + 1 < this.#times.length && (this.#times[needed + 1] as number) < beginMs) needed++
    if (needed === 0) return
    this.#times.splice(0, needed)
    this.#seqs.splice(0, needed)
    this.#values.splice(0, needed)
  }

  #join(index: number, timeMs: number, seq: number, value: Value): void {
    const [knownMs, knownSeq] = [this.#times[index] as number, this.#seqs[index] as number]
    const isNewer = timeMs > knownMs || (timeMs === knownMs && seq > knownSeq)
    if (isNewer) {
      this.#times[index] = timeMs
      this.#seqs[index] = seq
    }
    if (this.#combine !== 'newest') this.#values[index] = this.#combine(this.#values[index] as Value, value)
    else if (isNewer) this.#values[index] = value
  }
}
