/** How what a server sends is cut into frames. */
export interface Framing {
  /** Bytes of the head of the frame at `at`, or 0 while it is not all there. */
  headBytes(bytes: Uint8Array, at: number, end: number): number
  /** Bytes that follow a head, which is all there. */
  length(bytes: Uint8Array, at: number): number
  /** As of RFC 6455. */
  opcode(bytes: Uint8Array, at: number): number
}

/** More than a head takes in any of them. */
export const headBytesMax = 24

/** RFC 6455 section 5.2, unmasked. */
export const webSocketFrames: Framing = {
  headBytes(bytes, at, end) {
    if (end - at < 2) return 0
    const short = (bytes[at + 1] as number) & 0x7f
    const size = short < 126 ? 2 : short === 126 ? 4 : 10
    return end - at < size ? 0 : size
  },

  length(bytes, at) {
    const short = (bytes[at + 1] as number) & 0x7f
    if (short < 126) return short
    const count = short === 126 ? 2 : 8
    let length = 0
    for (let index = 0; index < count; index++) length = length * 256 + (bytes[at + 2 + index] as number)
    return length
  },

  opcode: (bytes, at) => (bytes[at] as number) & 0x0f,
}

/**
 * RFC 9112 section 7.1: the body of an answer by chunks. The line end after a chunk counts as part
 * of the next head.
 */
export const chunkedBody: Framing = {
  headBytes(bytes, at, end) {
    const lineEnd = bytes.indexOf(lineFeed, digitsAt(bytes, at))
    return lineEnd < 0 || lineEnd >= end ? 0 : lineEnd + 1 - at
  },

  length(bytes, at) {
    let length = 0
    for (let index = digitsAt(bytes, at); bytes[index] !== carriageReturn; index++) {
      length = length * 16 + Number.parseInt(String.fromCharCode(bytes[index] as number), 16)
    }
    return length
  },

  opcode: () => 1,
}

function digitsAt(bytes: Uint8Array, at: number): number {
  return bytes[at] === carriageReturn ? at + 2 : at
}

const carriageReturn = 0x0d
const lineFeed = 0x0a
