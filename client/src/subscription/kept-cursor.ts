import { clientLimits } from '../limits.ts'
import type { Clock } from '../platform/clock.ts'
import { onPageEvent } from '../platform/page-event.ts'

/** Where cursors are kept: `localStorage`, or anything like it. */
export interface CursorStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

/**
 * A cursor in a storage, written once a second at most and when the page goes away. A storage that
 * fails keeps nothing.
 */
export class KeptCursor {
  readonly #storage: CursorStorage
  readonly #key: string
  readonly #clock: Clock
  #pending: string | undefined
  #cancelTimer: (() => void) | undefined
  readonly #forgetPage: () => void

  constructor(storage: CursorStorage, name: string, clock: Clock) {
    this.#storage = storage
    this.#key = `weir:${name}`
    this.#clock = clock
    this.#forgetPage = onPageEvent('pagehide', () => this.#write())
  }

  /** What was kept; undefined when nothing was. */
  read(): string | undefined {
    try {
      return this.#storage.getItem(this.#key) ?? undefined
    } catch {
      return undefined
    }
  }

  keep(cursor: string): void {
    this.#pending = cursor
    this.#cancelTimer ??= this.#clock.after(clientLimits.keepCursorMs, () => this.#write())
  }

  end(): void {
    this.#write()
    this.#forgetPage()
  }

  #write(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.#pending === undefined) return
    try {
      this.#storage.setItem(this.#key, this.#pending)
    } catch {
      // A full or forbidden storage: after a reload the subscription begins as one without a
      // cursor.
    }
    this.#pending = undefined
  }
}
