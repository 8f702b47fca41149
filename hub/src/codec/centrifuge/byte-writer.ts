/** Bytes that are written one part after another; what was written is good until `clear`. */
export class ByteWriter {
  #bytes: Uint8Array
  #at = 0

  constructor(size: number) {
    this.#bytes = new Uint8Array(size)
  }

  get length(): number {
    return this.#at
  }

  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at)
  }

  clear(): void {
    this.#at = 0
  }

  byte(value: number): void {
    this.#grow(1)
    this.#bytes[this.#at++] = value
  }

  /** Text of ASCII alone. */
  ascii(text: string): void {
    this.#grow(text.length)
    const bytes = this.#bytes
    let at = this.#at
    for (let index = 0; index < text.length; index++) bytes[at++] = text.charCodeAt(index)
    this.#at = at
  }

  text(text: string): void {
    this.#grow(3 * text.length)
    this.#at += encoder.encodeInto(text, this.#bytes.subarray(this.#at)).written
  }

  copy(from: Uint8Array, start: number, end: number): void {
    const { length } = from
    this.#grow(end - start)
    this.#bytes.set(start === 0 && end === length ? from : from.subarray(start, end), this.#at)
    this.#at += end - start
  }

  /** As `copy`, with each line break as a space. */
  copyLine(from: Uint8Array, start: number, end: number): void {
    const first = this.#at
    this.copy(from, start, end)
    const bytes = this.#bytes
    for (let at = first, last = this.#at; at < last; at++) {
      const byte = bytes[at]
      if (byte === LINE_FEED || byte === CARRIAGE_RETURN) bytes[at] = SPACE
    }
  }

  /** A whole number up to 2^53 - 1, as Protobuf has it. */
  varint(value: number): void {
    this.#grow(8)
    const bytes = this.#bytes
    let rest = value
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes[this.#at++] = (rest % 128) | 0x80
    bytes[this.#at++] = rest
  }

  #grow(more: number): void {
    if (this.#at + more <= this.#bytes.length) return
    const grown = new Uint8Array(2 * (this.#at + more))
    grown.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = grown
  }
}

/** How many bytes `varint` writes. */
export function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

const encoder = new TextEncoder()

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
