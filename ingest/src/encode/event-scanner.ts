// Budget: 0.3 us for an event of 200 bytes, a tenth of decoding and validating it
// (bench/src/ingest.bench.ts).

import { limits } from '@weir/proto'

/**
 * Recognises, in one pass and without decoding, the encoded events that may go to the stream as
 * they are: canonical (known fields only, in the order of their numbers, each once) and valid by
 * the rules of event.proto. It knows the kinds of data that come in numbers, Reading and Binary;
 * what it does not recognise may still be good, and has to be decoded, validated and encoded again.
 */
export class EventScanner {
  /** Where the id stands; both 0 when there is none. */
  idStart = 0
  idEnd = 0
  hasTime = false
  /** Of the time, where there is one. */
  timeSeconds = 0
  /** Where the time stands or would have to stand. */
  timeAt = 0
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0

  /**
   * Whether the bytes from `start` to `end` are such an event. The fields of the scanner speak of
   * the last one.
   */
  scan(bytes: Uint8Array, start: number, end: number): boolean {
    this.#bytes = bytes
    this.#at = start
    this.idStart = 0
    this.idEnd = 0
    this.hasTime = false
    this.timeSeconds = 0
    this.timeAt = start
    let last = 0
    let labels = 0
    while (this.#at < end) {
      const tag = bytes[this.#at++] ?? 0
      // Every field that is known here has wire type 2 and a tag of one byte.
      if ((tag & 0x87) !== 2) return false
      const field = tag >> 3
      const length = this.#varint()
      const first = this.#at
      const next = first + length
      if (length < 0 || next > end || (field <= last && field !== 5) || field < last) return false
      last = field
      switch (field) {
        case ID:
          if (length > 128 || length === 0 || !this.#isText(next)) return false
          this.idStart = first
          this.idEnd = next
          break
        case TYPE:
          if (length > 256 || length === 0 || !this.#isText(next)) return false
          break
        case SOURCE:
          if (length > 1024 || length === 0 || !this.#isText(next)) return false
          break
        case TIME:
          if (!this.#isTime(next)) return false
          this.hasTime = true
          break
        case LABELS:
          if (++labels > 64 || !this.#isPair(next, 1, 128, 2048)) return false
          break
        case READING:
          if (!this.#isReading(next)) return false
          break
        case BINARY:
          if (!this.#isBinary(next)) return false
          break
        default:
          return false
      }
      if (field <= SOURCE) this.timeAt = next
      // One kind of data at most, and nothing after it.
      if (field >= READING && next !== end) return false
      this.#at = next
    }
    return end - start <= limits.eventBytesMax
  }

  #isReading(end: number): boolean {
    let metrics = 0
    let units = 0
    while (this.#at < end) {
      const tag = this.#bytes[this.#at++]
      const length = this.#varint()
      const next = this.#at + length
      if (length < 0 || next > end) return false
      if (tag === 0x0a) {
        if (units > 0 || ++metrics > 256 || !this.#isMetric(next)) return false
      } else if (tag === 0x12) {
        if (++units > 256 || !this.#isPair(next, 0, limits.eventBytesMax, 64)) return false
      } else {
        return false
      }
      this.#at = next
    }
    return metrics > 0
  }

  /** Name and finite double. */
  #isMetric(end: number): boolean {
    const bytes = this.#bytes
    if (bytes[this.#at++] !== 0x0a) return false
    const length = this.#varint()
    const valueAt = this.#at + length
    if (length < 1 || length > 128 || valueAt + 9 !== end || bytes[valueAt] !== 0x11 || !this.#isText(valueAt))
      return false
    // Not finite is an exponent of all ones: eleven bits in the last two bytes.
    return ((bytes[end - 1] ?? 0) & 0x7f) !== 0x7f || ((bytes[end - 2] ?? 0) & 0xf0) !== 0xf0
  }

  /** An entry of a map from string to string, both sides written. */
  #isPair(end: number, keyBytesMin: number, keyBytesMax: number, valueBytesMax: number): boolean {
    if (this.#bytes[this.#at++] !== 0x0a) return false
    const keyLength = this.#varint()
    const keyEnd = this.#at + keyLength
    if (keyLength < keyBytesMin || keyLength > keyBytesMax || keyEnd >= end || !this.#isText(keyEnd)) return false
    this.#at = keyEnd
    if (this.#bytes[this.#at++] !== 0x12) return false
    const valueLength = this.#varint()
    return valueLength >= 0 && valueLength <= valueBytesMax && this.#at + valueLength === end && this.#isText(end)
  }

  #isBinary(end: number): boolean {
    if (this.#at < end && this.#bytes[this.#at] === 0x0a) {
      this.#at++
      const length = this.#varint()
      const next = this.#at + length
      if (length < 1 || length > 256 || next > end || !this.#isText(next)) return false
      this.#at = next
    }
    if (this.#at === end) return true
    if (this.#bytes[this.#at++] !== 0x12) return false
    const length = this.#varint()
    return length > 0 && this.#at + length === end
  }

  /** Seconds from 1970 to 9999, nanos below a second. */
  #isTime(end: number): boolean {
    const bytes = this.#bytes
    if (this.#at < end && bytes[this.#at] === 0x08) {
      this.#at++
      const seconds = this.#varint()
      if (seconds <= 0 || seconds > SECONDS_MAX) return false
      this.timeSeconds = seconds
    }
    if (this.#at < end && bytes[this.#at] === 0x10) {
      this.#at++
      const nanos = this.#varint()
      if (nanos <= 0 || nanos > 999_999_999) return false
    }
    return this.#at === end
  }

  /** Whether what stands from here to `end` is UTF-8; moves nothing. */
  #isText(end: number): boolean {
    const bytes = this.#bytes
    for (let at = this.#at; at < end; at++) {
      if ((bytes[at] ?? 0) >= 0x80) return isUtf8(bytes.subarray(at, end))
    }
    return true
  }

  /** Moves past a varint of at most six bytes in its shortest form; -1 when it is none. */
  #varint(): number {
    const bytes = this.#bytes
    let value = 0
    let scale = 1
    for (let count = 0; count < 6; count++) {
      const byte = bytes[this.#at++]
      if (byte === undefined) return -1
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return byte === 0 && count > 0 ? -1 : value
      scale *= 0x80
    }
    return -1
  }
}

const ID = 1
const TYPE = 2
const SOURCE = 3
const TIME = 4
const LABELS = 5
const READING = 10
const BINARY = 15

/** The last second of the year 9999. */
const SECONDS_MAX = 253_402_300_799

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function isUtf8(bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes)
    return true
  } catch {
    return false
  }
}
