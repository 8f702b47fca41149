import type { Entry } from '@weir/client'
import { type Field, numberOf } from '../data/fields.ts'
import type { HeardEntry } from './heard-entry.ts'

/** The value of one subject that a tile reads. */
export class TileValue {
  readonly #heard: HeardEntry
  readonly #wanted: string | undefined
  #field: Field | undefined | null = null

  /** @param wanted the name of the field; undefined for the first number */
  constructor(heard: HeardEntry, wanted: string | undefined) {
    this.#heard = heard
    this.#wanted = wanted
  }

  get entry(): Entry {
    return this.#heard.entry
  }

  get subject(): string {
    return this.#heard.entry.subject
  }

  /** Undefined when the event has no such field, and for what is no event. */
  get field(): Field | undefined {
    if (this.#field === null) this.#field = fieldIn(this.#heard.fields, this.#wanted)
    return this.#field
  }

  get number(): number | undefined {
    return numberOf(this.field?.value)
  }

  /** Milliseconds since the Unix epoch; never in the future. */
  get heardMs(): number {
    return this.#heard.heardMs
  }
}

function fieldIn(fields: readonly Field[], wanted: string | undefined): Field | undefined {
  return wanted === undefined
    ? (fields.find(({ value }) => typeof value !== 'boolean' && numberOf(value) !== undefined) ?? fields[0])
    : fields.find(({ name }) => name === wanted)
}
