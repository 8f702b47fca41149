/**
 * Keys whose value has to be written, collected for a moment so that a burst of events of one key
 * costs one value.
 */
export class DirtyKeys {
  readonly #waitMs: number
  readonly #keysMax: number
  readonly #flush: (keys: Iterable<string>) => void
  #keys = new Set<string>()
  #timer: ReturnType<typeof setTimeout> | undefined

  /**
   * @param flush is called with the keys `waitMs` after the first of them, or when there are
   *   `keysMax`
   */
  constructor(waitMs: number, keysMax: number, flush: (keys: Iterable<string>) => void) {
    this.#waitMs = waitMs
    this.#keysMax = keysMax
    this.#flush = flush
  }

  add(key: string): void {
    this.#keys.add(key)
    if (this.#keys.size >= this.#keysMax) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), this.#waitMs)
  }

  /** Writes what is collected now. */
  flush(): void {
    const keys = this.#keys
    this.clear()
    if (keys.size > 0) this.#flush(keys)
  }

  clear(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#keys = new Set()
  }
}
