import type { Projection, Rebuilding } from './projection.ts'

/** How far a rebuild has come. */
export interface RebuildProgress {
  /** Sequences of the source, from the first to the last that was stored when the rebuild began. */
  readonly from: number
  readonly to: number
}

/**
 * The rebuild of one projection: it is wanted, then begun before the first event is read, then
 * finished when all stored events were taken. Only one that was begun is finished, as `finish`
 * removes from the target whatever was not put since `begin`.
 */
export class Rebuild {
  readonly #rebuilding: Rebuilding | undefined
  #state: RebuildProgress | 'wanted' | undefined
  #isFinishing = false

  constructor({ rebuilding }: Pick<Projection, 'rebuilding'>) {
    this.#rebuilding = rebuilding
  }

  get isPossible(): boolean {
    return this.#rebuilding !== undefined
  }

  /** Whether it is wanted or has begun. */
  get isPending(): boolean {
    return this.#state !== undefined
  }

  get hasBegun(): boolean {
    return typeof this.#state === 'object'
  }

  /** While it is, the target is still written to, whatever became of the reading. */
  get isFinishing(): boolean {
    return this.#isFinishing
  }

  get progress(): RebuildProgress | undefined {
    return this.#state === 'wanted' ? { from: 0, to: 0 } : this.#state
  }

  /** One that has begun or is being finished is then begun once more. */
  want(): void {
    this.#state = 'wanted'
  }

  async begin({ firstSeq, lastSeq }: { readonly firstSeq: number; readonly lastSeq: number }): Promise<void> {
    await this.#rebuilding?.begin()
    this.#state = { from: firstSeq, to: lastSeq }
  }

  /** Makes the target what the events say, and returns what was done for it. */
  async finish(source: Parameters<Rebuilding['finish']>[0]): Promise<Readonly<Record<string, number>> | undefined> {
    const begun = this.#state
    this.#isFinishing = true
    try {
      const result = await this.#rebuilding?.finish(source)
      if (this.#state === begun) this.#state = undefined
      return result
    } finally {
      this.#isFinishing = false
    }
  }
}
