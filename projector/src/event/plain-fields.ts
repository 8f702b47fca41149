/**
 * Hot path. Budget 0.5 us an event, part of that of a row, guarded by bench/src/projector.bench.ts
 * (history).
 */

/**
 * Whether an encoded weir.v1.Event has a reading, JSON data or no data, and no field of a newer
 * schema at any depth: decoding it passes over nothing.
 */
export function isPlain(bytes: Uint8Array): boolean {
  return hasOnly(event, bytes, 0, bytes.length)
}

/**
 * The field of its JSON data alone, as an event without anything else, of an event that is plain;
 * undefined where its last field is another one.
 */
export function jsonField(bytes: Uint8Array): Uint8Array | undefined {
  let start = 0
  for (let at = 0; at < bytes.length; ) {
    // Every field of an event that is known here has a tag of one byte and a length.
    start = at++
    let length = 0
    let unit = 1
    let byte: number
    do {
      byte = bytes[at++] as number
      length += (byte & 0x7f) * unit
      unit *= 0x80
    } while (byte >= 0x80)
    at += length
  }
  return bytes[start] === JSON_TAG ? bytes.subarray(start) : undefined
}

/** Whether there is nothing but one field of JSON data, as `jsonField` gives it. */
export function isJsonField(bytes: Uint8Array): boolean {
  return bytes[0] === JSON_TAG && isPlain(bytes) && jsonField(bytes)?.length === bytes.length
}

/** The fields that a message may have, by their tags: a message, or what is not looked into. */
type Fields = readonly (Fields | 'value' | undefined)[]

const timestamp = fields({ 8: 'value', 16: 'value' })
const reading = fields({
  10: fields({ 10: 'value', 17: 'value' }),
  18: fields({ 10: 'value', 18: 'value' }),
  26: fields({ 10: 'value', 18: timestamp }),
  34: fields({ 10: 'value', 16: 'value' }),
})
const event = fields({
  10: 'value',
  18: 'value',
  26: 'value',
  34: timestamp,
  42: fields({ 10: 'value', 18: 'value' }),
  50: 'value',
  82: reading,
  114: 'value',
})

function fields(byTag: Readonly<Record<number, Fields | 'value'>>): Fields {
  return Array.from({ length: 0x80 }, (_, tag) => byTag[tag])
}

function hasOnly(known: Fields, bytes: Uint8Array, begin: number, end: number): boolean {
  let at = begin
  while (at < end) {
    const tag = bytes[at++] as number
    const field = known[tag]
    if (field === undefined) return false
    if ((tag & 7) === FIXED64) at += 8
    else {
      let number = 0
      let unit = 1
      let byte: number
      do {
        if (at >= end) return false
        byte = bytes[at++] as number
        number += (byte & 0x7f) * unit
        unit *= 0x80
      } while (byte >= 0x80)
      if ((tag & 7) === VARINT) continue
      if (at + number > end || (field !== 'value' && !hasOnly(field, bytes, at, at + number))) return false
      at += number
    }
  }
  return at === end
}

const JSON_TAG = 114
const VARINT = 0
const FIXED64 = 1
