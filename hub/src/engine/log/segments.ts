import { writeEntry } from '@weir/proto'
import { limits } from '../../limits.ts'
import type { Entry, SubjectState } from './entry.ts'

/**
 * The bytes of a ring. Segments are filled one after another and dropped whole, the oldest first.
 */
export class Segments {
  readonly #sizeMax: number
  #segments: Uint8Array[] = []
  #newest: Uint8Array = none
  /** The newest segment is filled up to this offset. */
  #end = 0
  #bytes = 0

  constructor(ringBytesMax: number) {
    this.#sizeMax = Math.min(limits.segmentBytesMax, ringBytesMax / 8)
  }

  /** Bytes of all segments together. */
  get bytes(): number {
    return this.#bytes
  }

  get count(): number {
    return this.#segments.length
  }

  get oldest(): Uint8Array {
    return this.#segments[0] as Uint8Array
  }

  hasRoom(bytes: number): boolean {
    return this.#newest.length - this.#end >= bytes
  }

  /** Returns the size of the next segment. It is small at first, so a quiet source costs little. */
  nextSize(bytesMin: number): number {
    return Math.max(bytesMin, Math.min(this.#sizeMax, Math.max(limits.segmentBytesMin, this.#bytes)))
  }

  /** Adds a segment, which becomes the newest. */
  add(segment: Uint8Array): void {
    this.#segments.push(segment)
    this.#newest = segment
    this.#end = 0
    this.#bytes += segment.length
  }

  dropOldest(): void {
    this.#bytes -= this.oldest.length
    this.#segments.shift()
  }

  /** Writes an entry in the form in which a batch carries it. The newest segment must have room. */
  write(state: SubjectState, seq: number, payload: Uint8Array, removal: Entry['removal']): Entry {
    const bytes = this.#newest
    const start = this.#end
    const end = writeEntry(bytes, start, state.subject, seq, payload, removal)
    this.#end = end
    return { seq, state, removal, bytes, start, end }
  }

  clear(): void {
    this.#segments = []
    this.#newest = none
    this.#end = this.#bytes = 0
  }
}

const none = new Uint8Array(0)
