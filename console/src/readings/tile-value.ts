import type { Entry } from '@weir/client'
import { eventTimeMs } from '../data/event-words.ts'
import { type Field, fieldsOf, numberOf } from '../data/fields.ts'
import { serverNowMs } from '../link/server-time.ts'

/**
 * The value of one subject that a tile reads. Its event is decoded when it is first asked for, as
 * most values are replaced before they are drawn.
 */
export class TileValue {
  readonly entry: Entry
  readonly #wanted: string | undefined
  /** When this page heard it; undefined for what a snapshot brought. */
  readonly #arrivedMs: number | undefined
  #read: Read | undefined

  /** @param wanted the name of the field; undefined for the first number */
  constructor(entry: Entry, wanted: string | undefined, arrivedMs: number | undefined) {
    this.entry = entry
    this.#wanted = wanted
    this.#arrivedMs = arrivedMs
  }

  get subject(): string {
    return this.entry.subject
  }

  /** Undefined when the event has no such field, and for what is no event. */
  get field(): Field | undefined {
    return this.#content.field
  }

  get number(): number | undefined {
    return this.#content.number
  }

  /** Milliseconds since the Unix epoch; never in the future. */
  get heardMs(): number {
    return this.#content.heardMs
  }

  get #content(): Read {
    this.#read ??= readOf(this.entry, this.#wanted, this.#arrivedMs)
    return this.#read
  }
}

interface Read {
  readonly field: Field | undefined
  readonly number: number | undefined
  readonly heardMs: number
}

function readOf(entry: Entry, wanted: string | undefined, arrivedMs: number | undefined): Read {
  const nowMs = serverNowMs()
  try {
    const fields = fieldsOf(entry.event)
    const field =
      wanted === undefined
        ? (fields.find(({ value }) => typeof value !== 'boolean' && numberOf(value) !== undefined) ?? fields[0])
        : fields.find(({ name }) => name === wanted)
    const heardMs = arrivedMs ?? Math.min(eventTimeMs(entry.event) ?? nowMs, nowMs)
    return { field, number: numberOf(field?.value), heardMs }
  } catch {
    // What is no event has no value.
    return { field: undefined, number: undefined, heardMs: arrivedMs ?? nowMs }
  }
}
