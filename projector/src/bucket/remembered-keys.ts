import { limits } from '../limits.ts'

/**
 * What a projection remembers of each key of its bucket, for as long as the key lives. Bounded: for
 * a further key there is room once others have expired. What the bucket itself held at the start is
 * bounded by its quota.
 */
export class RememberedKeys<State extends { readonly storedAtMs: number }> {
  readonly #states = new Map<string, State>()
  readonly #ttlMs: number
  readonly #keysMax: number
  /** When it is looked next whether keys have expired, while there is no room. */
  #lookAtMs = 0

  constructor(ttlMs: number, keysMax: number = limits.rememberedKeysMax) {
    this.#ttlMs = ttlMs
    this.#keysMax = keysMax
  }

  get(key: string): State | undefined {
    return this.#states.get(key)
  }

  set(key: string, state: State): void {
    this.#states.set(key, state)
  }

  /** Whether there is no room for a further key, at a time of the stream's clock. */
  isFull(nowMs: number): boolean {
    if (this.#states.size < this.#keysMax) return false
    if (nowMs < this.#lookAtMs) return true
    this.prune(nowMs)
    // A look at all keys for each event would be dear.
    this.#lookAtMs = nowMs + limits.rememberedLookMs
    return this.#states.size >= this.#keysMax
  }

  /** Forgets keys whose value has expired for sure. */
  prune(nowMs: number): void {
    const storedBeforeMs = nowMs - this.#ttlMs - limits.skewMaxMs
    for (const [key, { storedAtMs }] of this.#states) if (storedAtMs < storedBeforeMs) this.#states.delete(key)
  }

  clear(): void {
    this.#states.clear()
    this.#lookAtMs = 0
  }
}
