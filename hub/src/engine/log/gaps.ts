import { limits } from '../../limits.ts'

/** The entries in (from, to]. */
export interface SeqRange {
  readonly from: number
  readonly to: number
}

/** What could not be had from a stream, in the order of sequence; of many, the newest. */
export class Gaps {
  #ranges: SeqRange[] = []
  #from = 0
  #to = 0

  /** Every gap past this sequence is known. */
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

  /** Everything up to a sequence may be missing. */
  forget(to: number): void {
    this.#from = Math.max(this.#from, to)
    this.#to = Math.max(this.#to, to)
  }

  /** The first that ends past a sequence; what was forgotten counts as one. */
  after(seq: number): SeqRange | undefined {
    return seq < this.#from ? { from: seq, to: this.#from } : this.#ranges.find(({ to }) => to > seq)
  }

  /** Whether some of (from, to] may be missing. */
  crosses(from: number, to: number): boolean {
    if (from >= this.#to) return false
    return from < this.#from || this.#ranges.some((gap) => gap.to > from && gap.from < to)
  }

  clear(): void {
    this.#ranges = []
    this.#from = this.#to = 0
  }
}
