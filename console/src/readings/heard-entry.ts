import type { Entry } from '@weir/client'
import { eventTimeMs } from '../data/event-words.ts'
import { type Field, fieldsOf } from '../data/fields.ts'
import { serverNowMs } from '../link/server-time.ts'

/**
 * An entry as all tiles share it. Its event is decoded, and its fields are read, when one of them
 * is first asked for and for all of them, as most entries are replaced before they are drawn.
 */
export class HeardEntry {
  readonly entry: Entry
  /** When this page heard it; undefined for what a snapshot brought. */
  readonly #arrivedMs: number | undefined
  #content: Content | undefined

  constructor(entry: Entry, arrivedMs: number | undefined) {
    this.entry = entry
    this.#arrivedMs = arrivedMs
  }

  /** Empty for what is no event. */
  get fields(): readonly Field[] {
    return this.#read().fields
  }

  /** Milliseconds since the Unix epoch; never in the future. */
  get heardMs(): number {
    return this.#read().heardMs
  }

  #read(): Content {
    this.#content ??= contentOf(this.entry, this.#arrivedMs)
    return this.#content
  }
}

interface Content {
  readonly fields: readonly Field[]
  readonly heardMs: number
}

function contentOf(entry: Entry, arrivedMs: number | undefined): Content {
  const nowMs = serverNowMs()
  try {
    const fields = fieldsOf(entry.event)
    return { fields, heardMs: arrivedMs ?? Math.min(eventTimeMs(entry.event) ?? nowMs, nowMs) }
  } catch {
    return { fields: [], heardMs: arrivedMs ?? nowMs }
  }
}
