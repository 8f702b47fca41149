import type { MatchedAlert } from '@weir/proto'
import type { Inhibitions } from './inhibitions.ts'
import type { SilenceBook } from './silence-book.ts'
import { type SilencedBy, silencedBy } from './silence-item.ts'

/** Why an alert makes no sound and sends no notification; without a member it does. */
export interface QuietBecause {
  /** The silence that quiets it now. */
  readonly silenced?: SilencedBy
  /** The open alert that quiets it, `<rule>.<key>`. */
  readonly inhibitedBy?: string
}

/** Which alerts of a tenant are quiet at the moment. */
export class Quiet {
  readonly silences: SilenceBook
  #inhibitions: Inhibitions

  constructor(silences: SilenceBook, inhibitions: Inhibitions) {
    this.silences = silences
    this.#inhibitions = inhibitions
  }

  /** Whether it is known what is quiet. */
  get isKnown(): boolean {
    return this.silences.version > 0 && this.#inhibitions.isKnown
  }

  /** Whether any alert may have been quiet since a time. */
  mayBe(sinceMs: number): boolean {
    return this.#inhibitions.isAny || this.silences.any(sinceMs)
  }

  /** Whether there is any inhibition. */
  get mayInhibit(): boolean {
    return this.#inhibitions.isAny
  }

  isQuiet(alert: MatchedAlert): boolean {
    return this.silences.silencing(alert) !== undefined || this.#inhibitions.inhibiting(alert) !== undefined
  }

  because(alert: MatchedAlert): QuietBecause {
    const silenced = silencedBy(this.silences, alert)
    const inhibiting = this.#inhibitions.inhibiting(alert)
    return {
      ...(silenced === undefined ? {} : { silenced }),
      ...(inhibiting === undefined ? {} : { inhibitedBy: inhibiting.slice('alerts.'.length) }),
    }
  }

  start(): void {
    this.silences.start()
    this.#inhibitions.start()
  }

  /** Goes over to other inhibitions. */
  async inhibitBy(inhibitions: Inhibitions): Promise<void> {
    const before = this.#inhibitions
    this.#inhibitions = inhibitions
    inhibitions.start()
    await before.close()
  }

  async close(): Promise<void> {
    await Promise.all([this.silences.close(), this.#inhibitions.close()])
  }
}
