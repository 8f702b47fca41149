import { Removal } from '@weir/proto'
import { limits } from '../config/limits.ts'
// What the server appends to the headers of a message, found from the payload as the NATS client
// hands it out: the block stands right before it in the same buffer. Read as bytes because the
// client's own header map costs more than everything else that the hub does for an event. Budget:
// 200 ns a header (bench/src/inbound.bench.ts).

/**
 * The stream sequence of a message that was republished or comes from a direct get, or 0 when it
 * carries none. The server's headers follow those of the publisher, so the last `Nats-Sequence` is
 * the server's and an earlier one may be forged: the block is read from its end.
 */
export function liveSequence(payload: Uint8Array): number {
  return findLine(payload, SEQUENCE) ? digits(bytes, lineStart, lineEnd) : 0
}

/**
 * The subject of a message that a direct get gives, as its stream knows it; empty when it carries
 * none.
 */
export function storedSubject(payload: Uint8Array): string {
  return findLine(payload, SUBJECT) ? decoder.decode(bytes.subarray(lineStart, lineEnd)) : ''
}

/**
 * When the message of a direct get was stored, milliseconds since the Unix epoch; NaN when it does
 * not say.
 */
export function storedTime(payload: Uint8Array): number {
  return findLine(payload, TIME) ? Date.parse(decoder.decode(bytes.subarray(lineStart, lineEnd))) : Number.NaN
}

/**
 * The last value of a header, empty when it is absent; for headers that the client's map would be
 * too dear to ask.
 */
export function headerValue(payload: Uint8Array, name: string): string {
  const found = findLine(payload, encoder.encode(`${name}: `), limits.headerLinesMax)
  return found ? decoder.decode(bytes.subarray(lineStart, lineEnd)) : ''
}

/**
 * Finds a header among the last that the server writes, and leaves where its value stands in
 * `lineStart` and `lineEnd`.
 */
function findLine(data: Uint8Array, name: Uint8Array, lines = 5): boolean {
  // The header block stands right before the payload, in the same buffer, and ends with an empty
  // line.
  if (data.buffer !== buffer) {
    buffer = data.buffer
    bytes = new Uint8Array(buffer)
  }
  let end = data.byteOffset - 4
  if (end < 0 || bytes[end] !== CR || bytes[end + 1] !== LF || bytes[end + 2] !== CR || bytes[end + 3] !== LF)
    return false
  // From the last line up: Nats-Last-Sequence, perhaps Nats-Num-Pending, Nats-Time-Stamp,
  // Nats-Sequence, Nats-Subject.
  for (let line = 0; line < lines; line++) {
    let start = end
    while (start > 0 && bytes[start - 1] !== LF) start--
    if (startsWith(bytes, start, end, name)) {
      lineStart = start + name.length
      lineEnd = end
      return true
    }
    if (startsWith(bytes, start, end, FIRST)) return false
    end = start - 2
  }
  return false
}

let lineStart = 0
let lineEnd = 0

// Many messages come in one buffer, and a view of it is worth keeping.
let buffer: ArrayBufferLike = new ArrayBuffer(0)
let bytes: Uint8Array = new Uint8Array(buffer)

/** What a message without payload says; UNSPECIFIED for an event that is empty. */
export function removalOf(message: { readonly headers?: { last(name: string): string } | undefined }): Removal {
  const headers = message.headers
  if (headers === undefined) return Removal.UNSPECIFIED
  const marker = headers.last('Nats-Marker-Reason')
  if (marker === 'MaxAge') return Removal.EXPIRED
  const operation = headers.last('KV-Operation')
  return marker !== '' || operation === 'DEL' || operation === 'PURGE' ? Removal.DELETED : Removal.UNSPECIFIED
}

const CR = 0x0d
const LF = 0x0a
const SEQUENCE = new TextEncoder().encode('Nats-Sequence: ')
const SUBJECT = new TextEncoder().encode('Nats-Subject: ')
const TIME = new TextEncoder().encode('Nats-Time-Stamp: ')
/** What every header block begins with. */
const FIRST = new TextEncoder().encode('NATS/1.0')
const encoder = new TextEncoder()
const decoder = new TextDecoder()

function startsWith(bytes: Uint8Array, start: number, end: number, prefix: Uint8Array): boolean {
  if (end - start < prefix.length) return false
  for (let at = 0; at < prefix.length; at++) if (bytes[start + at] !== prefix[at]) return false
  return true
}

function digits(bytes: Uint8Array, start: number, end: number): number {
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - 0x30
    if (digit < 0 || digit > 9) return 0
    value = value * 10 + digit
  }
  return value
}
