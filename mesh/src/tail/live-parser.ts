import { MsgHdrsImpl, type Parser, State } from '@nats-io/nats-core/internal'
import { internSubject } from './subject-cache.ts'

/**
 * Receives one message. `subject` lacks the prefix that all subjects of the subscription share.
 * `payload` is a view that is valid during the call only; the header block lies right before it in
 * the same buffer, and `headed` decodes that block.
 */
export type LiveHandler = (subject: string, payload: Uint8Array, headed: Headed) => void

export interface Headed {
  readonly headers?: { last(name: string): string } | undefined
}

/** A subscription whose messages LiveParser reads. */
export interface LiveTap {
  /** Length in bytes of the prefix of the subjects, which the handler does not get. */
  readonly prefixLength: number
  readonly handler: LiveHandler
}

/**
 * Reads the messages of some subscriptions from the bytes of a connection (NATS client protocol,
 * HMSG) before the client's parser does. The client's parser gets everything else, in order. The
 * client makes ten objects of a message; this parser makes a view, and finds the string of the
 * subject in a cache. A frame that the end of a chunk cuts in two, or that looks unlike what
 * nats-server writes, goes to the client's parser, so the client's callback of these subscriptions
 * must call the same handler.
 *
 * Budget: 0.5 us a message with its subject, beside its handler; it is part of what
 * bench/src/inbound.bench.ts measures.
 */
export class LiveParser {
  readonly #client: Parser
  readonly #parse: (chunk: Uint8Array) => void
  readonly #taps: ReadonlyMap<number, LiveTap>
  readonly #headed: HeaderBlock = new HeaderBlock()

  /** @param taps the subscriptions, by their number (sid) */
  constructor(client: Parser, taps: ReadonlyMap<number, LiveTap>) {
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
      const tap = frame.headerStart < 0 ? undefined : taps.get(frame.sid)
      if (tap === undefined) at = frame.end
      else if (from < at) {
        // The client may end the subscription meanwhile, so the loop looks at this frame again.
        this.#parse(chunk.subarray(from, at))
        from = at
      } else {
        at = from = frame.end
        this.#hand(tap, chunk)
      }
    }
    if (from < chunk.length) this.#parse(from === 0 ? chunk : chunk.subarray(from))
  }

  #hand({ handler, prefixLength }: LiveTap, chunk: Uint8Array): void {
    const { subjectStart, subjectEnd, headerStart, payloadStart, end } = frame
    const subject = internSubject(chunk, subjectStart + prefixLength, subjectEnd)
    const size = end - LINE_END_LENGTH - payloadStart
    this.#headed.at(chunk, headerStart, payloadStart)
    handler(subject, new Uint8Array(chunk.buffer, chunk.byteOffset + payloadStart, size), this.#headed)
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
        state === State.MSG_PAYLOAD ? at + ma.size - (msgBuf?.length ?? 0) + LINE_END_LENGTH : lineEndOf(chunk, at)
      this.#parse(chunk.subarray(at, end))
      at = Math.min(end, chunk.length)
    }
    return at
  }
}

/** The header block of the message that is being handled. */
class HeaderBlock implements Headed {
  #chunk: Uint8Array = new Uint8Array(0)
  #start = 0
  #end = 0

  at(chunk: Uint8Array, start: number, end: number): void {
    this.#chunk = chunk
    this.#start = start
    this.#end = end
  }

  get headers(): Headed['headers'] {
    return MsgHdrsImpl.decode(this.#chunk.subarray(this.#start, this.#end))
  }
}

/** The frame that `readFrame` found; offsets in the chunk. */
const frame = { sid: 0, subjectStart: 0, subjectEnd: 0, headerStart: -1, payloadStart: 0, end: 0 }

/**
 * Finds the frame that begins at `at`. Returns false when the frame is incomplete or unlike what
 * nats-server writes. `headerStart` is -1 unless it is a message with headers.
 */
function readFrame(chunk: Uint8Array, at: number): boolean {
  frame.headerStart = -1
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
  const start = carriageReturn + LINE_END_LENGTH
  frame.end = start + bytes + LINE_END_LENGTH
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

const LINE_END_LENGTH = 2
/** The shortest header block: NATS/1.0 and an empty line. */
const HEADER_BYTES_MIN = 12
const SPACE = 0x20
const CR = 0x0d
const LF = 0x0a
const H = 0x48
const M = 0x4d
