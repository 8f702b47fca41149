import type { Weir } from '@weir/client'
import { limits } from '../limits.ts'
import { type AuditLine, audited, auditLine } from './audit-line.ts'

/**
 * The last events as Postgres has them. The projector brings them there a moment after they were
 * live, so Postgres is asked until it has what the person has seen.
 */
export class StoredEvents {
  /** The newest first. */
  lines: readonly AuditLine[] = $state.raw([])
  isLoaded = $state(false)
  /** Why Postgres could not be asked the last time. */
  fault: string | undefined = $state()
  readonly #weir: Weir
  /** The place in the stream that it is to reach. */
  #wantedSeq = 0
  #isReading = false
  #isClosed = false

  constructor(weir: Weir) {
    this.#weir = weir
  }

  /** Reads until the event at this place is stored. */
  reach(seq: number): void {
    this.#wantedSeq = seq
    if (!this.#isReading) void this.#read()
  }

  close(): void {
    this.#isClosed = true
  }

  async #read(): Promise<void> {
    this.#isReading = true
    do {
      try {
        const lines: AuditLine[] = []
        const newest = this.#weir.history({ filter: audited, order: 'desc', limit: limits.storedMax })
        for await (const item of newest) lines.push(auditLine(item, true))
        this.lines = lines
        this.isLoaded = true
        this.fault = undefined
      } catch (thrown) {
        this.fault = String(thrown)
      }
      if (this.#lacksSome()) await new Promise((resolve) => setTimeout(resolve, limits.storedRetryMs))
    } while (this.#lacksSome() && !this.#isClosed)
    this.#isReading = false
  }

  #lacksSome(): boolean {
    return this.fault !== undefined || (this.lines[0]?.seq ?? 0) < this.#wantedSeq
  }
}
