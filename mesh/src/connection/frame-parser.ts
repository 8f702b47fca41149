import { type Parser, State } from '@nats-io/nats-core/internal'

/** Hears the messages of one subscription in the bytes of the connection. */
export interface FrameTap {
  /**
   * Receives one whole message. The frame and the bytes hold during the call only. Returns false to
   * leave the message to the client.
   */
  hand(chunk: Uint8Array, frame: Frame): boolean
}

/** Where the parts of a message stand in its chunk. */
export interface Frame {
  /** 0 for what is no message. */
  readonly sid: number
  readonly subjectStart: number
  readonly subjectEnd: number
  /** -1 for a message without headers. */
  readonly headerStart: number
  readonly payloadStart: number
  /** Past the line end after the payload. */
  readonly end: number
}

/** Of the line end after a payload. */
export const LINE_END_BYTES = 2

/**
 * Reads the messages of some subscriptions from the bytes of a connection (NATS client protocol)
 * before the client's parser does. The client's parser gets everything else, in order. The client
 * makes ten objects of a message; this parser makes none. A frame that the end of a chunk cuts in
 * two, or that looks unlike what nats-server writes, goes to the client's parser, so the client's
 * callback of these subscriptions must do what their tap does.
 *
 * Budget: 0.2 us a message, beside its tap; it is part of what bench/src/inbound.bench.ts and
 * bench/src/publisher.bench.ts measure.
 */
export class FrameParser {
  readonly #client: Parser
  readonly #parse: (chunk: Uint8Array) => void
  readonly #taps: ReadonlyMap<number, FrameTap>

  /** @param taps the subscriptions, by their number (sid) */
  constructor(client: Parser, taps: ReadonlyMap<number, FrameTap>) {
    this.#client = client
    this.#parse = client.parse.bind(client)
    this.#taps = taps
  }

  parse(chunk: Uint8Array): void {
    const taps = this.#taps
    if (taps.size === 0) {
      this.#parse(chunk)
      return
    }
    let at = this.#finish(chunk)
    // The client's parser has had the bytes before this offset.
    let from = at
    while (at < chunk.length && readFrame(chunk, at)) {
      const tap = frame.sid === 0 ? undefined : taps.get(frame.sid)
      if (tap === undefined) at = frame.end
      else if (from < at) {
        // The client may end the subscription meanwhile, so the loop looks at this frame again.
        this.#parse(chunk.subarray(from, at))
        from = at
      } else {
        at = frame.end
        if (tap.hand(chunk, frame)) from = at
      }
    }
    if (from < chunk.length) this.#parse(from === 0 ? chunk : chunk.subarray(from))
  }

  /**
   * Gives the client the rest of a frame that it has begun. Returns the offset where that frame
   * ends.
   */
  #finish(chunk: Uint8Array): number {
    let at = 0
    while (this.#client.state !== State.OP_START && at < chunk.length) {
      const { state, ma, msgBuf } = this.#client
      const end =
        state === State.MSG_PAYLOAD ? at + ma.size - (msgBuf?.length ?? 0) + LINE_END_BYTES : lineEndOf(chunk, at)
      this.#parse(chunk.subarray(at, end))
      at = Math.min(end, chunk.length)
    }
    return at
  }
}

/** The frame that `readFrame` found. */
const frame = { sid: 0, subjectStart: 0, subjectEnd: 0, headerStart: -1, payloadStart: 0, end: 0 }

/**
 * Finds the frame that begins at `at`. Returns false when the frame is incomplete or unlike what
 * nats-server writes.
 */
function readFrame(chunk: Uint8Array, at: number): boolean {
  frame.sid = 0
  const first = chunk[at]
  if (first !== H && first !== M) {
    frame.end = lineEndOf(chunk, at)
    return frame.end <= chunk.length
  }
  // The line has the form [H]MSG subject sid [reply] [header bytes] bytes.
  const hasHeader = first === H
  let token = at + (hasHeader ? 5 : 4)
  frame.subjectStart = token
  let tokens = 0
  let header = 0
  let value = 0
  let isNumber = false
  for (let index = token; index < chunk.length; index++) {
    const byte = chunk[index] as number
    if (byte === SPACE || byte === CR) {
      tokens++
      if (tokens === 1) frame.subjectEnd = index
      else if (tokens === 2) frame.sid = value
      if (byte === CR) return isNumber && endLine(chunk, index, hasHeader, tokens, header, value)
      header = value
      value = 0
      isNumber = false
      token = index + 1
    } else if (tokens > 0) {
      const digit = byte - 0x30
      isNumber = digit >= 0 && digit <= 9 && (isNumber || index === token)
      value = isNumber ? value * 10 + digit : 0
    }
  }
  return false
}

function endLine(
  chunk: Uint8Array,
  carriageReturn: number,
  hasHeader: boolean,
  tokens: number,
  headerBytes: number,
  bytes: number,
): boolean {
  const fewest = hasHeader ? 4 : 3
  if (tokens < fewest || tokens > fewest + 1) return false
  const start = carriageReturn + LINE_END_BYTES
  frame.end = start + bytes + LINE_END_BYTES
  frame.headerStart = -1
  frame.payloadStart = start
  if (hasHeader) {
    if (headerBytes < HEADER_BYTES_MIN || headerBytes > bytes) return false
    frame.headerStart = start
    frame.payloadStart = start + headerBytes
  }
  return frame.end <= chunk.length
}

/**
 * Returns the offset past the end of the line at `at`; more than the chunk's length when the line
 * does not end in it.
 */
function lineEndOf(chunk: Uint8Array, at: number): number {
  const found = chunk.indexOf(LF, at)
  return found < 0 ? chunk.length + 1 : found + 1
}

/** The shortest header block: NATS/1.0 and an empty line. */
const HEADER_BYTES_MIN = 12
const SPACE = 0x20
const CR = 0x0d
const LF = 0x0a
const H = 0x48
const M = 0x4d
