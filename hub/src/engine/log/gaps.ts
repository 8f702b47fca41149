import { limits } from '../../limits.ts'

/** The sequences in (from, to]. */
export interface SeqRange {
  readonly from: number
  readonly to: number
}

/**
 * Ranges of sequences that a stream could not deliver, in order. When there are too many, the
 * oldest are merged into one range before `from`.
 */
export class Gaps {
  #ranges: SeqRange[] = []
  #from = 0
  #to = 0

  /** The list has every gap past this sequence. */
  get from(): number {
    return this.#from
  }

  add(from: number, to: number): void {
    const last = this.#ranges.at(-1)
    if (last?.to === from) this.#ranges.pop()
    this.#ranges.push({ from: last?.to === from ? last.from : from, to })
    if (this.#ranges.length > limits.gapsMax) this.#from = (this.#ranges.shift() as SeqRange).to
    this.#to = to
  }

  /** Treats everything up to a sequence as possibly missing. */
  forget(to: number): void {
    this.#from = Math.max(this.#from, to)
    this.#to = Math.max(this.#to, to)
  }

  /** Returns the first gap that ends past a sequence. The merged range counts as a gap. */
  after(seq: number): SeqRange | undefined {
    return seq < this.#from ? { from: seq, to: this.#from } : this.#ranges.find(({ to }) => to > seq)
  }

  /** Whether a sequence of (from, to] may be missing. */
  crosses(from: number, to: number): boolean {
    if (from >= this.#to) return false
    return from < this.#from || this.#ranges.some((gap) => gap.to > from && gap.from < to)
  }

  clear(): void {
    this.#ranges = []
    this.#from = this.#to = 0
  }
}
