/** Tells when everything that was begun before a moment is finished, whatever is begun after it. */
export class WriteBarrier {
  readonly #open = new Map<number, number>()
  #generation = 0
  #waiting: { readonly generation: number; readonly resolve: () => void }[] = []

  /** Begins a piece of work; hand the number back to `end`. */
  begin(): number {
    const generation = this.#generation
    this.#open.set(generation, (this.#open.get(generation) ?? 0) + 1)
    return generation
  }

  end(generation: number): void {
    const left = (this.#open.get(generation) ?? 0) - 1
    if (left > 0) {
      this.#open.set(generation, left)
      return
    }
    this.#open.delete(generation)
    if (this.#waiting.length > 0) this.#release()
  }

  /** Resolves when all work that began before this call has ended. */
  passed(): Promise<void> {
    const generation = this.#generation++
    if (!this.#isOpen(generation)) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ generation, resolve }))
  }

  #release(): void {
    this.#waiting = this.#waiting.filter(({ generation, resolve }) => {
      if (this.#isOpen(generation)) return true
      resolve()
      return false
    })
  }

  #isOpen(upTo: number): boolean {
    for (const generation of this.#open.keys()) if (generation <= upTo) return true
    return false
  }
}
