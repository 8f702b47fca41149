// Hot path. Budget: 0.5 us a sample (bench/src/ingest.bench.ts).

import { WeirError } from '@weir/proto'
import { truncated, WireReader } from '../wire-reader.ts'
import type { Labels } from './series.ts'
import type { Symbols } from './symbols.ts'

/**
 * Reads the time series of a request of remote write, one after the other, from its bytes: those of
 * 1.0 and of 2.0 differ in how labels are written, and in a few numbers. What it holds is of the
 * last series that was read.
 */
export class SeriesReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #symbols: Symbols | undefined
  readonly #reader: WireReader
  /** Where the labels stand, as starts and ends: nearly always in one piece. */
  readonly #places: number[] = []
  readonly #refs: number[] = []
  readonly times: number[] = []
  readonly values: number[] = []
  readonly histograms: Uint8Array[] = []
  exemplars = 0
  /** Of Metadata.MetricType. */
  type = 0
  unit = ''
  /** Milliseconds since 1970; 0 where it is not said. */
  createdMs = 0

  /** `symbols` are those of a request of 2.0. */
  constructor(bytes: Uint8Array, symbols?: Symbols) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#symbols = symbols
    this.#reader = new WireReader(bytes)
  }

  /** Throws `malformed`. */
  read(start: number, end: number): void {
    this.#places.length = this.#refs.length = this.times.length = this.values.length = this.histograms.length = 0
    this.exemplars = this.type = this.createdMs = 0
    this.unit = ''
    const reader = this.#reader
    reader.at = start
    while (reader.at < end) {
      const begin = reader.at
      const tag = reader.varint()
      if (tag === TAG_SAMPLES) this.#sample(reader.end())
      else if (this.#symbols === undefined) this.#field1(tag, begin)
      else this.#field2(tag, this.#symbols)
    }
    if (reader.at !== end) throw truncated()
    if (this.#refs.length % 2 !== 0) throw new WeirError('malformed', 'A label has a name and no value.')
  }

  /** The same for two series with the same labels in the same order. */
  get text(): string {
    const symbols = this.#symbols
    let text = ''
    if (symbols === undefined) {
      const places = this.#places
      for (let at = 0; at < places.length; at += 2)
        text += latin1.decode(this.#bytes.subarray(places[at], places[at + 1]))
      return text
    }
    return symbols.keyOf(this.#refs)
  }

  /** Throws `malformed` for texts that are not UTF-8. */
  labels(): Labels {
    const symbols = this.#symbols
    const labels: [string, string][] = []
    if (symbols !== undefined) {
      for (let at = 0; at < this.#refs.length; at += 2) {
        labels.push([symbols.textOf(this.#refs[at] as number), symbols.textOf(this.#refs[at + 1] as number)])
      }
      return labels
    }
    for (let at = 0; at < this.#places.length; at += 2)
      this.#labelsAt(this.#places[at] as number, this.#places[at + 1] as number, labels)
    return labels
  }

  /** A field of 1.0, which began at `begin`. */
  #field1(tag: number, begin: number): void {
    const reader = this.#reader
    if (tag === TAG_LABELS) {
      reader.at = reader.end()
      const places = this.#places
      if (places.at(-1) === begin) places[places.length - 1] = reader.at
      else places.push(begin, reader.at)
    } else if (tag === TAG_HISTOGRAMS_1) this.histograms.push(this.#message())
    else if (tag === TAG_EXEMPLARS_1) {
      this.exemplars++
      reader.skip(tag)
    } else reader.skip(tag)
  }

  #field2(tag: number, symbols: Symbols): void {
    const reader = this.#reader
    switch (tag) {
      case TAG_LABELS: {
        for (const end = reader.end(); reader.at < end; ) this.#refs.push(this.#ref(symbols))
        break
      }
      // One that is not packed.
      case TAG_LABEL_REF:
        this.#refs.push(this.#ref(symbols))
        break
      case TAG_HISTOGRAMS_2:
        this.histograms.push(this.#message())
        break
      case TAG_EXEMPLARS_2:
        this.exemplars++
        reader.skip(tag)
        break
      case TAG_METADATA:
        this.#metadata(reader.end(), symbols)
        break
      case TAG_CREATED:
        this.createdMs = this.#int64()
        break
      default:
        reader.skip(tag)
    }
  }

  #ref(symbols: Symbols): number {
    const ref = this.#reader.varint()
    if (ref >= symbols.count) throw new WeirError('malformed', `There is no symbol ${ref}.`)
    return ref
  }

  #metadata(end: number, symbols: Symbols): void {
    const reader = this.#reader
    while (reader.at < end) {
      const tag = reader.varint()
      if (tag === TAG_TYPE) this.type = reader.varint()
      else if (tag === TAG_UNIT) this.unit = symbols.textOf(this.#ref(symbols))
      else reader.skip(tag)
    }
    if (reader.at !== end) throw truncated()
  }

  #sample(end: number): void {
    const reader = this.#reader
    let value = 0
    let time = 0
    while (reader.at < end) {
      const tag = reader.varint()
      if (tag === TAG_VALUE) {
        if (reader.at + 8 > end) throw truncated()
        value = this.#view.getFloat64(reader.at, true)
        reader.at += 8
      } else if (tag === TAG_TIMESTAMP) time = this.#int64()
      else reader.skip(tag)
    }
    if (reader.at !== end) throw truncated()
    this.values.push(value)
    this.times.push(time)
  }

  #message(): Uint8Array {
    const reader = this.#reader
    const end = reader.end()
    const bytes = this.#bytes.subarray(reader.at, end)
    reader.at = end
    return bytes
  }

  /** Those past 2^53 lose digits, and are no times anyway. */
  #int64(): number {
    const reader = this.#reader
    const start = reader.at
    let value = 0
    let scale = 1
    for (let count = 0; count < 10; count++) {
      const byte = this.#bytes[reader.at++]
      if (byte === undefined) throw truncated()
      value += (byte & 127) * scale
      if (byte >= 128) scale *= 128
      // Of ten bytes the last is the sign.
      else return count < 9 ? value : this.#negative(start)
    }
    throw new WeirError('malformed', 'The body is not Protobuf: a number is too long.')
  }

  #negative(start: number): number {
    let value = 0n
    for (let count = 9; count >= 0; count--) value = (value << 7n) | BigInt((this.#bytes[start + count] ?? 0) & 127)
    return Number(BigInt.asIntN(64, value))
  }

  #labelsAt(start: number, end: number, labels: [string, string][]): void {
    const reader = this.#reader
    reader.at = start
    while (reader.at < end) {
      reader.varint()
      const labelEnd = reader.end()
      const label: [string, string] = ['', '']
      while (reader.at < labelEnd) {
        const tag = reader.varint()
        if (tag === TAG_NAME || tag === TAG_LABEL_VALUE) label[tag === TAG_NAME ? 0 : 1] = utf8Of(this.#message())
        else reader.skip(tag)
      }
      if (reader.at !== labelEnd) throw truncated()
      labels.push(label)
    }
  }
}

/** Throws `malformed`. */
export function utf8Of(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw new WeirError('malformed', 'The text of a label is not UTF-8.', { cause })
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** Gives each byte a character of its own. */
const latin1 = new TextDecoder('latin1')

const TAG_LABELS = 0x0a
const TAG_LABEL_REF = 0x08
const TAG_SAMPLES = 0x12
const TAG_EXEMPLARS_1 = 0x1a
const TAG_HISTOGRAMS_1 = 0x22
const TAG_HISTOGRAMS_2 = 0x1a
const TAG_EXEMPLARS_2 = 0x22
const TAG_METADATA = 0x2a
const TAG_CREATED = 0x30
const TAG_TYPE = 0x08
const TAG_UNIT = 0x20
const TAG_VALUE = 0x09
const TAG_TIMESTAMP = 0x10
const TAG_NAME = 0x0a
const TAG_LABEL_VALUE = 0x12
