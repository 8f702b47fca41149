// Budget: 0.5 us for an event of 200 bytes, a fifth of what the generated code takes
// (bench/src/ingest.bench.ts).

import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf'
import { AnySchema } from '@bufbuild/protobuf/wkt'
import {
  AlertSchema,
  type Event,
  limits,
  type Reading,
  ReadingSchema,
  StateChangeSchema,
  StepSchema,
  WeirError,
} from '@weir/proto'
import { checkWellFormed, illFormed } from './well-formed.ts'

/**
 * An Event in canonical Protobuf: fields in the order of their numbers, defaults left out, as the
 * generated encoder writes it. Throws `too_large`, and `malformed` for text that UTF-8 cannot hold.
 * The event must have passed validateFields, which bounds the number of pairs in its maps. `labels`
 * is what encodeLabels gave of its labels, where that is known.
 */
export function encodeEvent(event: Event, labels?: Uint8Array): Uint8Array {
  let at = 0
  if (event.id !== '') at = writeString(at, 0x0a, event.id)
  if (event.type !== '') at = writeString(at, 0x12, event.type)
  if (event.source !== '') at = writeString(at, 0x1a, event.source)
  if (event.time !== undefined) at = writeTime(at, event.time)
  if (labels === undefined) at = writeLabels(at, event.labels)
  else {
    scratch.set(labels, at)
    at += labels.length
  }
  if (event.traceparent !== '') at = writeString(at, 0x32, event.traceparent)
  const { data } = event
  switch (data.case) {
    case 'reading':
      at = hasMore(data.value)
        ? writeBytes(at, 0x52, generated(ReadingSchema, data.value))
        : writeReading(at, data.value)
      break
    case 'json':
      at = writeString(at, 0x72, data.value)
      break
    case 'binary': {
      const { contentType, data: bytes } = data.value
      const start = at
      at += HEAD_BYTES
      if (contentType !== '') at = writeString(at, 0x0a, contentType)
      if (bytes.length > 0) at = writeBytes(at, 0x12, bytes)
      at = closeMessage(start, 0x7a, at)
      break
    }
    case 'stateChange':
      at = writeBytes(at, 0x5a, generated(StateChangeSchema, data.value))
      break
    case 'alert':
      at = writeBytes(at, 0x62, generated(AlertSchema, data.value))
      break
    case 'step':
      at = writeBytes(at, 0x6a, generated(StepSchema, data.value))
      break
    case 'any':
      // The one tag of two bytes.
      scratch[at++] = 0x82
      at = writeBytes(at, 0x01, generated(AnySchema, data.value))
      break
    case undefined:
      break
  }
  if (at > limits.eventBytesMax) throw tooLarge()
  return scratch.slice(0, at)
}

/** The field `labels` of an Event. Throws `malformed` for text that UTF-8 cannot hold. */
export function encodeLabels(labels: Event['labels']): Uint8Array {
  return scratch.slice(0, writeLabels(0, labels))
}

/** The field `time` of an Event. */
export function encodeTime(time: NonNullable<Event['time']>): Uint8Array {
  return scratch.slice(0, writeTime(0, time))
}

/**
 * By the generated code, which writes U+FFFD for half of a surrogate pair: few texts have its first
 * byte, so only those are looked at.
 */
function generated<D extends DescMessage>(schema: D, message: MessageShape<D>): Uint8Array {
  const bytes = toBinary(schema, message)
  if (bytes.includes(0xef)) checkWellFormed(message)
  return bytes
}

function tooLarge(): WeirError {
  return new WeirError('too_large', `The event is larger than ${limits.eventBytesMax} bytes when it is encoded.`)
}

/**
 * Room for what short texts can fill (see writeString) and one long one, at three bytes a UTF-16
 * unit.
 */
const scratch = new Uint8Array(limits.eventBytesMax * 4 + 65_536)
const view = new DataView(scratch.buffer)
const encoder = new TextEncoder()

/**
 * What is kept free for the tag and length of a message whose length is not yet known: a tag and
 * three bytes.
 */
const HEAD_BYTES = 4

function writeLabels(start: number, labels: Event['labels']): number {
  let at = start
  for (const key in labels) at = writeTexts(at, 0x2a, key, labels[key] ?? '')
  return at
}

function writeReading(start: number, reading: Reading): number {
  let at = start + HEAD_BYTES
  for (const name in reading.metrics) {
    const entry = at
    // An entry is at most 128 + 13 bytes, so its length takes one byte or two.
    at = writeString(entry + 3, 0x0a, name)
    const value = reading.metrics[name] ?? 0
    scratch[at] = 0x11
    view.setFloat64(at + 1, value, true)
    at = closeEntry(entry, 0x0a, at + 9)
  }
  for (const name in reading.units) at = writeTexts(at, 0x12, name, reading.units[name] ?? '')
  return closeMessage(start, 0x52, at)
}

/**
 * Times, which only merged readings have, or integers, which are rare: neither is worth code of its
 * own.
 */
function hasMore(reading: Reading): boolean {
  for (const _ in reading.times) return true
  for (const _ in reading.integers) return true
  return false
}

/**
 * An entry of a map from string to string; both sides are always written, as the generated encoder
 * does.
 */
function writeTexts(start: number, tag: number, key: string, value: string): number {
  const at = writeString(start + 3, 0x0a, key)
  return closeEntry(start, tag, writeString(at, 0x12, value))
}

function writeTime(start: number, time: NonNullable<Event['time']>): number {
  scratch[start] = 0x22
  let at = start + 2
  const seconds = Number(time.seconds)
  if (seconds !== 0) {
    scratch[at] = 0x08
    at = seconds > 0 ? writeVarint(at + 1, seconds) : writeNegative(at + 1, time.seconds)
  }
  if (time.nanos !== 0) {
    scratch[at] = 0x10
    at = writeVarint(at + 1, time.nanos)
  }
  scratch[start + 1] = at - start - 2
  return at
}

/** Writes tag, length and text. Short ASCII takes no call out of this code. */
function writeString(start: number, tag: number, value: string): number {
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

function writeBytes(start: number, tag: number, bytes: Uint8Array): number {
  if (start > limits.eventBytesMax || bytes.length > limits.eventBytesMax) throw tooLarge()
  scratch[start] = tag
  const at = writeVarint(start + 1, bytes.length)
  scratch.set(bytes, at)
  return at + bytes.length
}

/**
 * Puts tag and length before a map entry that was written from `start + 3`, and closes the hole.
 */
function closeEntry(start: number, tag: number, end: number): number {
  return close(start, tag, start + 3, end)
}

function closeMessage(start: number, tag: number, end: number): number {
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
