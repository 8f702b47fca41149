// The bytes of an event as they are written: fields of Protobuf, one after the other, into memory
// that all events share. Each function writes at an offset and returns the one after it.

import { limits, WeirError } from '@weir/proto'
import { illFormed } from './well-formed.ts'

export function tooLarge(): WeirError {
  return new WeirError('too_large', `The event is larger than ${limits.eventBytesMax} bytes when it is encoded.`)
}

/**
 * Room for what short texts can fill (see writeString) and one long one, at three bytes a UTF-16
 * unit.
 */
export const scratch: Uint8Array = new Uint8Array(limits.eventBytesMax * 4 + 65_536)
export const view: DataView = new DataView(scratch.buffer)
const encoder = new TextEncoder()

/**
 * What is kept free for the tag and length of a message whose length is not yet known: a tag and
 * three bytes.
 */
export const HEAD_BYTES = 4

/** The field `time` of an Event. */
export function writeTime(start: number, seconds: number, nanos: number): number {
  scratch[start] = 0x22
  let at = start + 2
  if (seconds !== 0) {
    scratch[at] = 0x08
    at = seconds > 0 ? writeVarint(at + 1, seconds) : writeNegative(at + 1, BigInt(seconds))
  }
  if (nanos !== 0) {
    scratch[at] = 0x10
    at = writeVarint(at + 1, nanos)
  }
  scratch[start + 1] = at - start - 2
  return at
}

/** Writes tag, length and text. Short ASCII takes no call out of this code. */
export function writeString(start: number, tag: number, value: string): number {
  const { length } = value
  if (start > limits.eventBytesMax || length > limits.eventBytesMax) throw tooLarge()
  scratch[start] = tag
  if (length < 64) {
    const first = start + 2
    let at = 0
    for (; at < length; at++) {
      const code = value.charCodeAt(at)
      if (code >= 0x80) break
      scratch[first + at] = code
    }
    if (at === length) {
      scratch[start + 1] = length
      return first + length
    }
  }
  if (!value.isWellFormed()) throw illFormed(value)
  // The length of the UTF-8 is known only afterwards: write at the widest place, then move down.
  const room = start + 1 + varintBytes(length * 3)
  const { written } = encoder.encodeInto(value, scratch.subarray(room))
  const first = writeVarint(start + 1, written)
  if (first !== room) scratch.copyWithin(first, room, room + written)
  return first + written
}

export function writeBytes(start: number, tag: number, bytes: Uint8Array): number {
  if (start > limits.eventBytesMax || bytes.length > limits.eventBytesMax) throw tooLarge()
  scratch[start] = tag
  const at = writeVarint(start + 1, bytes.length)
  scratch.set(bytes, at)
  return at + bytes.length
}

/**
 * Puts tag and length before a map entry that was written from `start + 3`, and closes the hole.
 */
export function closeEntry(start: number, tag: number, end: number): number {
  return close(start, tag, start + 3, end)
}

export function closeMessage(start: number, tag: number, end: number): number {
  return close(start, tag, start + HEAD_BYTES, end)
}

function close(start: number, tag: number, first: number, end: number): number {
  scratch[start] = tag
  const at = writeVarint(start + 1, end - first)
  if (at !== first) scratch.copyWithin(at, first, end)
  return at + end - first
}

function writeVarint(start: number, value: number): number {
  let at = start
  let rest = value
  while (rest >= 0x80) {
    scratch[at++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  scratch[at++] = rest
  return at
}

/** Ten bytes of two's complement: a time before 1970. */
function writeNegative(start: number, value: bigint): number {
  let at = start
  let rest = BigInt.asUintN(64, value)
  while (rest >= 0x80n) {
    scratch[at++] = Number(rest & 0x7fn) | 0x80
    rest >>= 7n
  }
  scratch[at++] = Number(rest)
  return at
}

function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4
}
