import { WeirError } from '../error.ts'
import { limits } from '../limits.ts'

/**
 * Takes the parts of Protobuf's encoding out of bytes, one after the other. Throws `malformed`
 * where they end too soon.
 */
export class WireReader {
  readonly bytes: Uint8Array
  at = 0
  /** Of the message that is being read. */
  end: number
  #view: DataView | undefined

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.end = bytes.length
  }

  /**
   * Goes into a message that begins with its length. Returns the end of the outer one, for `leave`.
   */
  enter(): number {
    const outerEnd = this.end
    this.end = this.#endOf(this.uint32())
    return outerEnd
  }

  leave(outerEnd: number): void {
    this.end = outerEnd
  }

  /** A varint of at most 64 bits, as a number of its low 32. */
  uint32(): number {
    const { bytes } = this
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= this.end) throw cutShort()
      const byte = bytes[this.at++] as number
      if (shift < 32) value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw new WeirError('malformed', 'A number of Protobuf is longer than ten bytes.')
  }

  uint64(): bigint {
    const start = this.at
    let value = 0
    let unit = 1
    // Seven bytes hold 49 bits, which a number holds exactly.
    for (let count = 0; count < 7; count++) {
      if (this.at >= this.end) throw cutShort()
      const byte = this.bytes[this.at++] as number
      value += (byte & 0x7f) * unit
      if (byte < 0x80) return BigInt(value)
      unit *= 128
    }
    this.at = start
    return this.#longUint64()
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.uint64())
  }

  double(): number {
    const start = this.at
    this.#pass(8)
    this.#view ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength)
    return this.#view.getFloat64(start, true)
  }

  /** A view of bytes that begin with their length. */
  slice(): Uint8Array {
    const end = this.#endOf(this.uint32())
    const value = this.bytes.subarray(this.at, end)
    this.at = end
    return value
  }

  /** Throws `malformed` for what is not UTF-8. */
  string(): string {
    const length = this.uint32()
    const start = this.at
    this.at = this.#endOf(length)
    const short = length <= SHORT_TEXT_BYTES ? this.#ascii(start, this.at) : undefined
    if (short !== undefined) return short
    try {
      return decoder.decode(this.bytes.subarray(start, this.at))
    } catch (cause) {
      throw new WeirError('malformed', 'A string of Protobuf is not UTF-8.', { cause })
    }
  }

  /** Passes over the value of a field with this wire type. */
  skip(wireType: number, depth = 0): void {
    switch (wireType) {
      case VARINT:
        this.uint32()
        return
      case FIXED64:
        this.#pass(8)
        return
      case LENGTH_DELIMITED:
        this.slice()
        return
      case GROUP:
        this.#skipGroup(depth)
        return
      case FIXED32:
        this.#pass(4)
        return
      default:
        throw new WeirError('malformed', `There is no wire type ${wireType} in Protobuf.`)
    }
  }

  #skipGroup(depth: number): void {
    if (depth > limits.groupDepthMax) throw new WeirError('malformed', 'Groups of Protobuf are nested too deep.')
    for (;;) {
      const wireType = this.uint32() & 7
      if (wireType === GROUP_END) return
      this.skip(wireType, depth + 1)
    }
  }

  #pass(length: number): void {
    this.at = this.#endOf(length)
  }

  #endOf(length: number): number {
    const end = this.at + length
    if (end > this.end) throw cutShort()
    return end
  }

  #longUint64(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.at >= this.end) throw cutShort()
      const byte = this.bytes[this.at++] as number
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw new WeirError('malformed', 'A number of Protobuf is longer than ten bytes.')
  }

  /**
   * Undefined when another byte is among them. Short texts are read three times as fast as by
   * TextDecoder.
   */
  #ascii(start: number, end: number): string | undefined {
    let text = ''
    for (let at = start; at < end; at++) {
      const byte = this.bytes[at] as number
      if (byte >= 0x80) return undefined
      text += String.fromCharCode(byte)
    }
    return text
  }
}

export const VARINT = 0
export const FIXED64 = 1
export const LENGTH_DELIMITED = 2
const GROUP = 3
const GROUP_END = 4
const FIXED32 = 5

/** Past it TextDecoder is faster. */
const SHORT_TEXT_BYTES = 24

const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function cutShort(): WeirError {
  return new WeirError('malformed', 'The bytes of Protobuf are cut short.')
}
