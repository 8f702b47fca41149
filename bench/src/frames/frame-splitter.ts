import { type Framing, headBytesMax } from './framing.ts'

/** What becomes of the frames that a FrameSplitter finds. */
export interface FrameSink {
  /**
   * A data frame of `length` begins at `start` and what is there of it ends at `end`; whether its
   * bytes are wanted whole. Without, `skipped` follows when it has passed.
   */
  wants(bytes: Uint8Array, start: number, end: number, length: number): boolean
  /** A whole data frame, good during the call. */
  frame(bytes: Uint8Array, start: number, end: number): void
  skipped(length: number): void
  /** A whole control frame (opcode 8, 9 or 10). */
  control(opcode: number, payload: Uint8Array): void
}

/** Splits what a server sends into frames, without a copy where it can. */
export class FrameSplitter {
  readonly #sink: FrameSink
  readonly #framing: Framing
  /** Bytes of the present frame that are still to come. */
  #rest = 0
  #length = 0
  #opcode = 0
  /** The frame as far as it came, or undefined when nobody wants it. */
  #kept: Uint8Array | undefined
  /** A head that came in pieces. */
  readonly #head = new Uint8Array(headBytesMax)
  #headBytes = 0

  constructor(sink: FrameSink, framing: Framing) {
    this.#sink = sink
    this.#framing = framing
  }

  /** Takes bytes[start, end), which need not stay valid. */
  push(bytes: Uint8Array, start: number, end: number): void {
    const framing = this.#framing
    let at = start
    while (at < end) {
      if (this.#rest > 0) {
        at = this.#continue(bytes, at, end)
        continue
      }
      if (this.#headBytes === 0) {
        const size = framing.headBytes(bytes, at, end)
        if (size > 0) {
          this.#opcode = framing.opcode(bytes, at)
          at = this.#begin(bytes, at + size, end, framing.length(bytes, at))
          continue
        }
      }
      this.#head[this.#headBytes++] = bytes[at++] as number
      if (framing.headBytes(this.#head, 0, this.#headBytes) > 0) {
        this.#headBytes = 0
        this.#opcode = framing.opcode(this.#head, 0)
        at = this.#begin(bytes, at, end, framing.length(this.#head, 0))
      }
    }
  }

  #begin(bytes: Uint8Array, start: number, end: number, length: number): number {
    this.#length = length
    if (end - start >= length) {
      this.#hand(bytes, start, start + length)
      return start + length
    }
    this.#rest = length
    // Too little to tell: keep it.
    const wanted = end - start < peekBytes || this.#opcode > lastData || this.#sink.wants(bytes, start, end, length)
    this.#kept = wanted ? new Uint8Array(length) : undefined
    return this.#continue(bytes, start, end)
  }

  #continue(bytes: Uint8Array, start: number, end: number): number {
    const taken = Math.min(this.#rest, end - start)
    this.#kept?.set(bytes.subarray(start, start + taken), this.#length - this.#rest)
    this.#rest -= taken
    if (this.#rest === 0) {
      const kept = this.#kept
      this.#kept = undefined
      if (kept === undefined) this.#sink.skipped(this.#length)
      else this.#hand(kept, 0, kept.length)
    }
    return start + taken
  }

  #hand(bytes: Uint8Array, start: number, end: number): void {
    if (this.#opcode > lastData) this.#sink.control(this.#opcode, bytes.slice(start, end))
    else if (this.#sink.wants(bytes, start, end, end - start)) this.#sink.frame(bytes, start, end)
    else this.#sink.skipped(end - start)
  }
}

const lastData = 2

/** As much as the head of a batch ever takes. */
const peekBytes = 64

/**
 * A whole client frame; its mask is zero, which the RFC allows and which leaves the payload as it
 * is.
 */
export function clientFrame(payload: Uint8Array, opcode = 2): Uint8Array {
  const head =
    payload.length < 126
      ? [0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]
      : [0x80 | opcode, 0xfe, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0]
  const frame = new Uint8Array(head.length + payload.length)
  frame.set(head)
  frame.set(payload, head.length)
  return frame
}
