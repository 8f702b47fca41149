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
} from '@weir/proto'
import {
  closeEntry,
  closeMessage,
  HEAD_BYTES,
  scratch,
  tooLarge,
  view,
  writeBytes,
  writeString,
  writeTime,
} from './event-bytes.ts'
import { checkWellFormed } from './well-formed.ts'

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
  if (event.time !== undefined) at = writeTime(at, Number(event.time.seconds), event.time.nanos)
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
  return scratch.slice(0, writeTime(0, Number(time.seconds), time.nanos))
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
