import { limits } from '../limits.ts'

/**
 * Keys whose value has to be written, collected for a moment so that a burst of events of one key
 * costs one value.
 */
export class DirtyKeys {
  readonly #waitMs: number
  readonly #keysMax: number
  readonly #flush: (keys: Iterable<string>) => void
  readonly #keyMs: number
  /** How many were flushed last. */
  #flushed = 0
  #isBehind = false
  #keys = new Set<string>()
  #timer: ReturnType<typeof setTimeout> | undefined

  /**
   * @param flush is called with the keys `waitMs` after the first of them, or when there are
   *   `keysMax`
   * @param keyMs how much longer is waited for each key that was flushed before, so that many keys
   *   that change all the time are not written all the time
   */
  constructor(waitMs: number, keysMax: number, flush: (keys: Iterable<string>) => void, keyMs = 0) {
    this.#waitMs = waitMs
    this.#keysMax = keysMax
    this.#flush = flush
    this.#keyMs = keyMs
  }

  add(key: string): void {
    this.#keys.add(key)
    if (this.#keys.size >= this.#keysMax) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), Math.max(this.#waitMs, this.#manyMs()))
  }

  /**
   * Whether many events that are stored are still to come, so that what is written of a key now is
   * soon written again.
   */
  setBehind(isBehind: boolean): void {
    const caughtUp = this.#isBehind && !isBehind
    this.#isBehind = isBehind
    if (caughtUp) this.flush()
  }

  /** Writes what is collected now. */
  flush(): void {
    const keys = this.#keys
    this.clear()
    this.#flushed = keys.size
    if (keys.size > 0) this.#flush(keys)
  }

  clear(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#keys = new Set()
  }

  #manyMs(): number {
    const ms = this.#flushed * this.#keyMs
    return this.#isBehind ? Math.max(ms, Math.min(ms * limits.behindKeyFactor, limits.behindWaitMs)) : ms
  }
}
