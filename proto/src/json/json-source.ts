import { endOfValue, findMember, firstItem, memberText, nextItem } from './json-slice.ts'

/**
 * The text that a value was parsed from. It is asked only where JSON.parse loses something: of
 * `data`, and of long numbers.
 */
export interface JsonSource {
  text(): string
  /** The text of a member of the value, which is an object. */
  member(key: string): string | undefined
}

/** Of a value that has a text of its own. */
export class TextSource implements JsonSource {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  text(): string {
    return this.#text
  }

  member(key: string): string | undefined {
    return memberText(this.#text, key)
  }
}

/**
 * Of the items of a list, one after the other: who asks for one member of each has passed once over
 * the list, and has cut out nothing else. Nothing is read before something is asked for.
 */
export class ItemSource implements JsonSource {
  readonly #list: string
  readonly #place = { start: -1, end: -1 }
  #index = 0
  #start = -1
  /** Where the item ends, once that is known. */
  #end = -1
  /** The item that is meant, from 0. It goes forward. */
  index = 0

  constructor(list: string) {
    this.#list = list
  }

  text(): string {
    this.#advance()
    if (this.#end < 0) this.#end = endOfValue(this.#list, this.#start)
    return this.#list.slice(this.#start, this.#end)
  }

  member(key: string): string | undefined {
    this.#advance()
    this.#end = findMember(this.#list, this.#start, key, this.#place)
    return this.#place.start < 0 ? undefined : this.#list.slice(this.#place.start, this.#place.end)
  }

  #advance(): void {
    if (this.#start < 0) this.#start = firstItem(this.#list)
    for (; this.#index < this.index; this.#index++) {
      const end = this.#end < 0 ? endOfValue(this.#list, this.#start) : this.#end
      this.#start = nextItem(this.#list, end)
      this.#end = -1
    }
  }
}
