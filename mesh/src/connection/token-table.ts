/**
 * Hot path. Budget: 0.02 us to add a value, find it and take it out again, a fifth of what a Map
 * takes; part of what bench/src/publisher.bench.ts measures.
 */

/**
 * Values by a token, a number that counts up and is never used twice. Values lie in a ring, at the
 * place that the token names, for as long as they leave about in the order in which they came. The
 * few that stay while thousands come and go move to a map, so that the memory is bounded by how
 * many values there are, and not by how old the oldest one is.
 */
export class TokenTable<V> {
  #ring: (V | undefined)[] = new Array<V | undefined>(RING_MIN).fill(undefined)
  #mask = RING_MIN - 1
  /** Values with a token before `#first`, in the order of their tokens. */
  readonly #old = new Map<number, V>()
  /** No value in the ring has a token before this one. */
  #first = 1
  #next = 1
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Tokens that were given out. */
  get count(): number {
    return this.#next - 1
  }

  /** Returns the token of the value. */
  add(value: V): number {
    if (this.#next - this.#first > this.#mask) this.#makeRoom()
    const token = this.#next++
    this.#ring[token & this.#mask] = value
    this.#size++
    return token
  }

  /** Undefined for what is no token of a value here. */
  get(token: number): V | undefined {
    if (token < this.#first) return this.#old.get(token)
    return token < this.#next ? this.#ring[token & this.#mask] : undefined
  }

  /** Returns false where there was none. */
  delete(token: number): boolean {
    if (token < this.#first) {
      if (!this.#old.delete(token)) return false
      this.#size--
      return true
    }
    if (this.get(token) === undefined) return false
    this.#ring[token & this.#mask] = undefined
    this.#size--
    if (token === this.#first) this.#advance()
    return true
  }

  clear(): void {
    this.#old.clear()
    this.#ring.fill(undefined)
    this.#first = this.#next
    this.#size = 0
  }

  /** In the order of the tokens. Values may be taken out, and others added, meanwhile. */
  *entries(): Generator<readonly [number, V]> {
    yield* this.#old
    for (let token = this.#first; token < this.#next; token++) {
      const value = this.get(token)
      if (value !== undefined) yield [token, value]
    }
  }

  #advance(): void {
    const ring = this.#ring
    while (this.#first < this.#next && ring[this.#first & this.#mask] === undefined) this.#first++
  }

  /** A ring that is full of values grows; of one that is not, the older half moves to the map. */
  #makeRoom(): void {
    const slots = this.#mask + 1
    if ((this.#size - this.#old.size) * 2 > slots) this.#grow(slots * 2)
    else this.#moveUpTo(this.#first + slots / 2)
  }

  #grow(slots: number): void {
    const ring = new Array<V | undefined>(slots).fill(undefined)
    for (let token = this.#first; token < this.#next; token++) {
      ring[token & (slots - 1)] = this.#ring[token & this.#mask]
    }
    this.#ring = ring
    this.#mask = slots - 1
  }

  #moveUpTo(end: number): void {
    for (; this.#first < end; this.#first++) {
      const at = this.#first & this.#mask
      const value = this.#ring[at]
      if (value === undefined) continue
      this.#old.set(this.#first, value)
      this.#ring[at] = undefined
    }
    this.#advance()
  }
}

const RING_MIN = 64
