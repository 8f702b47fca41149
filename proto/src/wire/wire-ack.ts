/**
 * Reads weir.v1.Ack by hand: nearly everything that a client sends, tens of thousands a second from
 * a busy hub's clients. Proved against the generated code in wire-ack.test.ts.
 *
 * Budget: 50 ns (bench/src/fan-out.bench.ts).
 */

/**
 * The bytes that a ClientFrame acknowledges if it is an Ack in the shortest form, which all
 * encoders write; else undefined.
 */
export function readAck(frame: Uint8Array): number | undefined {
  const length = frame.length
  if (length < 4 || length > ACK_BYTES_MAX || frame[0] !== TAG_FRAME_ACK || frame[2] !== TAG_ACK_BYTES) return undefined
  if (frame[1] !== length - 2) return undefined
  let value = 0
  let scale = 1
  for (let at = 3; at < length - 1; at++) {
    const byte = frame[at] as number
    if (byte < 0x80) return undefined
    value += (byte & 0x7f) * scale
    scale *= 128
  }
  const last = frame[length - 1] as number
  value += last * scale
  return last === 0 || last > 0x7f || value > 0xffff_ffff ? undefined : value
}

// Field number and wire type, by weir/v1/wire.proto.
const TAG_FRAME_ACK = 0x22
const TAG_ACK_BYTES = 0x08
/** Two tags, a length, and a varint of 32 bits. */
const ACK_BYTES_MAX = 8
