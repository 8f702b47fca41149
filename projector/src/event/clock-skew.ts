import { limits } from '../limits.ts'
import type { EventRecord } from './event-record.ts'

/**
 * Counts events whose time lies ahead of the stream's clock, by their source: whose clock is to be
 * set.
 */
export class ClockSkew {
  readonly #bySource = new Map<string, SourceSkew>()

  get bySource(): ReadonlyMap<string, SourceSkew> {
    return this.#bySource
  }

  note(record: EventRecord): void {
    const { aheadMs } = record
    if (aheadMs <= limits.skewCountedMs) return
    const known = this.#bySource.get(record.event.source)
    const source = known !== undefined || this.#bySource.size < limits.skewSourcesMax ? record.event.source : 'other'
    const { events = 0, lastAheadMs = 0 } = this.#bySource.get(source) ?? {}
    this.#bySource.set(source, { events: events + 1, lastAheadMs: source === 'other' ? lastAheadMs : aheadMs })
  }
}

export interface SourceSkew {
  readonly events: number
  /** Of the last of them; 0 of `other`. */
  readonly lastAheadMs: number
}
