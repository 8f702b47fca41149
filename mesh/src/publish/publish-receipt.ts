import type { WeirError } from '@weir/proto'

/** Where the stream keeps the event. */
export interface Stored {
  readonly seq: number
  /**
   * The id was in the stream already. After a retry that may be one's own first attempt, so it is
   * false then.
   */
  readonly duplicate: boolean
}

/** What waits for the outcome of one or several messages; each index settles once. */
export interface Receipt {
  settle(index: number, outcome: Stored | WeirError): void
}

/** A promise for one message; rejects with its error. */
export class OneReceipt implements Receipt {
  readonly promise: Promise<Stored>
  #resolve!: (stored: Stored) => void
  #reject!: (error: WeirError) => void

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  settle(_index: number, outcome: Stored | WeirError): void {
    if ('seq' in outcome) this.#resolve(outcome)
    else this.#reject(outcome)
  }
}

/** One promise for many messages: the outcome of each, in their order. Never rejects. */
export class AllReceipt implements Receipt {
  readonly promise: Promise<readonly (Stored | WeirError)[]>
  readonly #outcomes: (Stored | WeirError)[]
  #left: number
  #resolve!: (outcomes: readonly (Stored | WeirError)[]) => void

  constructor(count: number) {
    this.#outcomes = new Array(count)
    this.#left = count
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve
    })
    if (count === 0) this.#resolve(this.#outcomes)
  }

  settle(index: number, outcome: Stored | WeirError): void {
    this.#outcomes[index] = outcome
    if (--this.#left === 0) this.#resolve(this.#outcomes)
  }
}
