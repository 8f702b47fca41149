import { WeirError } from '@weir/proto'
import { bodyTooLarge, type Unpack } from './unpack.ts'

/**
 * The block format of Snappy (google/snappy, format_description.txt), as Prometheus packs its
 * requests.
 */
export const unpackSnappy: Unpack = async (packed, bytesMax) => {
  const reader = { at: 0 }
  const length = varint(packed, reader)
  if (length > bytesMax) throw bodyTooLarge(bytesMax)
  // The declared length may be wrong. A copy makes at most 64 bytes of three, which is the best
  // ratio of the format, so memory for more than 22 times the packed bytes is never needed.
  if (length > packed.length * 22) throw malformedSnappy('the length is more than the bytes can be')
  const bytes = new Uint8Array(length)
  if (unpack(packed, reader.at, bytes) !== length) throw malformedSnappy('the bytes are not of the declared length')
  return bytes
}

/** How many bytes were written. Throws `malformed`. */
function unpack(packed: Uint8Array, start: number, bytes: Uint8Array): number {
  let at = start
  let written = 0
  while (at < packed.length) {
    const tag = packed[at++] as number
    if ((tag & 3) === 0) {
      let length = (tag >> 2) + 1
      if (length > 60) {
        const wide = length - 60
        length = littleEndian(packed, at, wide) + 1
        at += wide
      }
      if (at + length > packed.length || written + length > bytes.length)
        throw malformedSnappy('a literal is cut short')
      bytes.set(packed.subarray(at, at + length), written)
      at += length
      written += length
      continue
    }
    const isShort = (tag & 3) === 1
    const length = isShort ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
    const wide = isShort ? 1 : (tag & 3) === 2 ? 2 : 4
    const offset = littleEndian(packed, at, wide) + (isShort ? (tag >> 5) * 256 : 0)
    at += wide
    if (offset === 0 || offset > written || written + length > bytes.length)
      throw malformedSnappy('a copy is of nothing')
    // Byte by byte where the two overlap, as a copy may repeat what it writes.
    if (offset >= length) bytes.copyWithin(written, written - offset, written - offset + length)
    else for (let to = written; to < written + length; to++) bytes[to] = bytes[to - offset] as number
    written += length
  }
  return written
}

function littleEndian(bytes: Uint8Array, start: number, count: number): number {
  if (start + count > bytes.length) throw malformedSnappy('it ends too early')
  let value = 0
  for (let at = start + count - 1; at >= start; at--) value = value * 256 + (bytes[at] as number)
  return value
}

function varint(bytes: Uint8Array, reader: { at: number }): number {
  let value = 0
  for (let scale = 1; scale <= 0x1000_0000; scale *= 128) {
    const byte = bytes[reader.at++]
    if (byte === undefined) break
    value += (byte & 127) * scale
    if (byte < 128) return value
  }
  throw malformedSnappy('it has no length')
}

/** Remote write is packed with Snappy whether or not a header says so. */
function malformedSnappy(reason: string): WeirError {
  return new WeirError('malformed', `The body is not packed with Snappy, in its block format: ${reason}.`)
}
