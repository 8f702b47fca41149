import { type HistoryItem, live, type Weir } from '@weir/client'
import { kinds } from '../../src/thing.ts'
import { limits } from '../limits.ts'

/** One audited event: who did what with what, and where. */
export interface AuditLine {
  readonly key: string
  readonly seq: number
  readonly at: number
  readonly user: string
  readonly branch: string
  readonly entity: string
  readonly state: string
  /** It was read from Postgres; else it came live. */
  readonly isStored: boolean
}

/**
 * The last events from Postgres, and then every one that comes, joined at one cursor: where the
 * stored end the live begin, without a hole and without a double.
 */
export class MonitorFeed {
  /** The oldest first. */
  lines: readonly AuditLine[] = $state.raw([])
  /** How many of the events that came were live. */
  liveCount = $state(0)
  #isClosed = false

  constructor(weir: Weir) {
    void this.#read(weir)
  }

  close(): void {
    this.#isClosed = true
  }

  async #read(weir: Weir): Promise<void> {
    while (!this.#isClosed) {
      try {
        this.lines = []
        let isStored = true
        for await (const item of live(weir, { filter: audited, last: limits.storedMax })) {
          if (this.#isClosed) return
          if (item.type === 'now') isStored = false
          if (item.type !== 'entry') continue
          this.lines = [...this.lines, lineOf(item, isStored)].slice(-limits.liveMax)
          if (!isStored) this.liveCount++
        }
      } catch {
        // The history may be away: what is shown then begins again.
      }
      await new Promise((resolve) => setTimeout(resolve, limits.monitorRetryMs))
    }
  }
}

/** What people did; the messages of WhatsApp themselves are not among it. */
const audited = kinds.map((kind) => `kitchen.*.${kind}.*`)

function lineOf({ event, subject, seq }: HistoryItem, isStored: boolean): AuditLine {
  const { usuario = '', sucursal = '', entidad = subject, estado = '' } = event.labels
  const at = event.time === undefined ? Date.now() : Number(event.time.seconds) * 1000 + event.time.nanos / 1e6
  // One id may stand under two subjects (docs/decisions/0018).
  return {
    key: `${subject} ${event.id}`,
    seq,
    at,
    user: usuario,
    branch: sucursal,
    entity: entidad,
    state: estado,
    isStored,
  }
}
