import { live, type Weir } from '@weir/client'
import { limits } from '../limits.ts'
import { type AuditLine, audited, auditLine } from './audit-line.ts'

/**
 * The last events from Postgres, and then every one that comes, joined at one cursor: where the
 * stored end the live begin, without a hole and without a double.
 */
export class MonitorFeed {
  /** The oldest first. */
  lines: readonly AuditLine[] = $state.raw([])
  /** How many of the events that came were live. */
  liveCount = $state(0)
  /** Whether what was stored has come. */
  isLoaded = $state(false)
  /** Why there is nothing new, while it is tried again. */
  fault: string | undefined = $state()
  readonly #weir: Weir
  #isClosed = false

  constructor(weir: Weir) {
    this.#weir = weir
    void this.#read()
  }

  close(): void {
    this.#isClosed = true
  }

  /** What cannot go on begins again with what is stored, so nothing is left out. */
  async #read(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#join()
      } catch (thrown) {
        this.fault = String(thrown)
      }
      await new Promise((resolve) => setTimeout(resolve, limits.monitorRetryMs))
    }
  }

  /** Comes back when the hub cannot say all that came. */
  async #join(): Promise<void> {
    let stored: AuditLine[] | undefined = []
    for await (const item of live(this.#weir, { filter: audited, last: limits.storedMax })) {
      if (this.#isClosed || item.type === 'gap') return
      if (item.type === 'now') {
        this.lines = stored ?? []
        this.isLoaded = true
        this.fault = undefined
        stored = undefined
      }
      if (item.type !== 'entry') continue
      if (stored !== undefined) stored.push(auditLine(item, true))
      else {
        this.lines = [...this.lines, auditLine(item, false)].slice(-limits.liveMax)
        this.liveCount++
      }
    }
  }
}
