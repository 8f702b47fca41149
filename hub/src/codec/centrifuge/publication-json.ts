import type { ByteWriter } from './byte-writer.ts'
import type { EventFields, Span } from './event-fields.ts'
import type { PublicationSink } from './publication.ts'

/** A publication as a JSON object on one line. */
export class JsonPublication implements PublicationSink {
  readonly #out: ByteWriter
  #isFirstTag = true

  constructor(out: ByteWriter) {
    this.#out = out
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    this.#out.ascii('{"data":')
    this.#out.copyLine(bytes, start, end)
  }

  removed(): void {
    this.#out.ascii(',"removed":true')
  }

  offset(seq: number): void {
    this.#out.ascii(`,"offset":${seq}`)
  }

  channel(name: string): void {
    this.#out.ascii(`,"channel":"${name}"`)
  }

  tags(): void {
    this.#out.ascii(',"tags":{')
    this.#isFirstTag = true
  }

  tag(name: string, value: string): void {
    this.#next()
    this.#out.ascii(`"${name}":"${value}"`)
  }

  tagBytes(name: string, bytes: Uint8Array, start: number, end: number): void {
    this.#next()
    this.#out.ascii(`"${name}":"`)
    this.#string(bytes, start, end)
    this.#out.ascii('"')
  }

  label({ bytes, labels }: EventFields, index: number, prefix: string): void {
    const { name, value } = labels[index] as { name: Span; value: Span }
    this.#next()
    this.#out.ascii(`"${prefix}`)
    this.#string(bytes, name.start, name.end)
    this.#out.ascii('":"')
    this.#string(bytes, value.start, value.end)
    this.#out.ascii('"')
  }

  end(): void {
    this.#out.ascii('}}')
  }

  #next(): void {
    if (!this.#isFirstTag) this.#out.ascii(',')
    this.#isFirstTag = false
  }

  /** The inside of a JSON string. Most texts need no escape, and are copied. */
  #string(bytes: Uint8Array, start: number, end: number): void {
    let isPlain = true
    for (let at = start; at < end && isPlain; at++) {
      const byte = bytes[at] as number
      isPlain = byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH
    }
    if (isPlain) this.#out.copy(bytes, start, end)
    else {
      const text = bytes.subarray(start, end)
      const quoted = JSON.stringify(decoder.decode(text))
      this.#out.text(quoted.slice(1, -1))
    }
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

const QUOTE = 0x22
const BACKSLASH = 0x5c
