/**
 * Hot path. Budget 0.3 us an event, guarded by bench/src/projector.bench.ts (latest).
 */

/**
 * Whether bytes have the outer form of a weir.v1.Event: known fields of the right wire type, whole
 * to the end, data of some kind or none. What is inside a field is not looked at; that is enough to
 * keep what is no event at all out of a bucket without decoding it. Fields that a newer schema may
 * add are let through.
 */
export function isEncodedEvent(bytes: Uint8Array): boolean {
  const end = bytes.length
  let at = 0
  while (at < end) {
    // The tag: field number and wire type, one byte for fields up to 15.
    let tag = 0
    let shift = 0
    let byte: number
    do {
      if (at >= end || shift > 28) return false
      byte = bytes[at++] as number
      tag |= (byte & 0x7f) << shift
      shift += 7
    } while (byte >= 0x80)
    const field = tag >>> 3
    const wireType = tag & 7
    if (field === 0 || (field <= FIELD_MAX && wireType !== LENGTH_DELIMITED)) return false
    switch (wireType) {
      case VARINT:
        do {
          if (at >= end) return false
        } while ((bytes[at++] as number) >= 0x80)
        break
      case FIXED64:
        at += 8
        break
      case FIXED32:
        at += 4
        break
      case LENGTH_DELIMITED: {
        let length = 0
        shift = 0
        do {
          if (at >= end || shift > 28) return false
          byte = bytes[at++] as number
          length += (byte & 0x7f) * 2 ** shift
          shift += 7
        } while (byte >= 0x80)
        at += length
        break
      }
      default:
        return false
    }
  }
  return at === end
}

/** The highest field of Event; all up to here are length-delimited. */
const FIELD_MAX = 16

const VARINT = 0
const FIXED64 = 1
const LENGTH_DELIMITED = 2
const FIXED32 = 5
