import type { Logger } from '@weir/mesh'

/** Logs once that a projection leaves something out because there is too much of it. */
export class OverflowLog {
  readonly #log: Logger
  readonly #projection: string
  readonly #sentence: string
  #isSaid = false

  /** `sentence` says what there is too much of, and what to declare instead. */
  constructor(log: Logger, projection: string, sentence: string) {
    this.#log = log
    this.#projection = projection
    this.#sentence = sentence
  }

  say(): void {
    if (this.#isSaid) return
    this.#isSaid = true
    this.#log.error({ projection: this.#projection }, this.#sentence)
  }
}
