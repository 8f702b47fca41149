import type { Weir } from '@weir/client'
import { Step_Status } from '@weir/proto'
import { eventTimeMs } from '../data/event-words.ts'
import { parseQuery } from '../data/query.ts'
import { limits } from '../limits.ts'

/** When a stage began to work, and when it was done; undefined while it works. */
export interface StepSpan {
  readonly fromMs: number
  readonly toMs: number | undefined
}

/**
 * How long the stages of runs took. A bucket holds the last step of a stage alone, so when it began
 * is known from the history, and from what comes while the page is open.
 */
export class StepTimes {
  readonly #spans = new Map<string, StepSpan>()

  /** Reads what is stored; nothing where there is no history, or none for this token. */
  async readPast(weir: Pick<Weir, 'history'>, filter: string): Promise<void> {
    try {
      const { filters } = parseQuery(filter)
      const { items } = await weir.history({ filter: filters, order: 'desc', limit: limits.stepsPastMax })
      for (const { subject, event } of items.toReversed()) {
        const timeMs = eventTimeMs(event)
        if (event.data.case === 'step' && timeMs !== undefined) this.note(subject, event.data.value.status, timeMs)
      }
    } catch {
      // The times of what comes from now on are known nevertheless.
    }
  }

  /** Steps may come twice, and older ones after newer ones. */
  note(subject: string, status: Step_Status, timeMs: number): void {
    const known = this.#spans.get(subject)
    if (status === Step_Status.PROCESSING) {
      if (known === undefined || (known.toMs !== undefined && timeMs > known.toMs)) {
        this.#spans.set(subject, { fromMs: timeMs, toMs: undefined })
      }
    } else if (status === Step_Status.COMPLETE || status === Step_Status.ERROR) {
      if (known !== undefined && known.toMs === undefined && timeMs >= known.fromMs) {
        this.#spans.set(subject, { fromMs: known.fromMs, toMs: timeMs })
      }
    }
  }

  /** Undefined where nobody knows when it began. */
  of(subject: string): StepSpan | undefined {
    return this.#spans.get(subject)
  }

  /** Forgets all others. */
  keep(isKept: (subject: string) => boolean): void {
    for (const subject of this.#spans.keys()) if (!isKept(subject)) this.#spans.delete(subject)
  }
}
