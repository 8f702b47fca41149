/**
 * An event in the JSON text of a frame. It is parsed with its frame, once; its own text, which has
 * numbers and keys as the producer wrote them, is cut out when it is first asked for.
 */
export class JsonEvent {
  /** An object, or null for one that the server could not decode. */
  readonly value: { readonly [name: string]: unknown } | null
  readonly #cut: () => string
  #text: string | undefined

  constructor(value: { readonly [name: string]: unknown } | null, cut: () => string) {
    this.value = value
    this.#cut = cut
  }

  get text(): string {
    this.#text ??= this.#cut()
    return this.#text
  }
}
