// Budget: 1 us an item whose event is canonical (bench/src/ingest.bench.ts).

import { fromBinary } from '@bufbuild/protobuf'
import { type Event, EventSchema, limits, subjectFault, WeirError } from '@weir/proto'
import { EventScanner } from '../../encode/event-scanner.ts'
import type { IngestRecord } from '../../encode/record.ts'
import { aheadFault, type Defaults, rejection, seal } from '../../encode/seal.ts'
import { ingestLimits } from '../../limits.ts'
import type { DecodeContext, Decoder } from '../decoder.ts'
import { tooManyRecords } from '../too-many-records.ts'
import { truncated, WireReader } from '../wire-reader.ts'

/**
 * weir.v1.EventBatch; with the parameter `encoding=delimited`, a stream of weir.v1.EventBatch.Item,
 * each after its length as a varint. Items are found by hand, and an event whose bytes are good
 * already is copied, not decoded.
 */
export const protobufDecoder: Decoder = {
  name: 'Protobuf: weir.v1.EventBatch, or with encoding=delimited a stream of its items',
  mediaTypes: ['application/x-protobuf', 'application/protobuf'],
  decode: decodeProtobuf,
}

function decodeProtobuf(body: Uint8Array, context: DecodeContext): readonly IngestRecord[] {
  const delimited = context.contentType.parameter('encoding') === 'delimited'
  const reader = new WireReader(body)
  const records: IngestRecord[] = []
  while (reader.at < body.length) {
    if (!delimited) {
      const tag = reader.varint()
      if (tag !== TAG_ITEMS) {
        reader.skip(tag)
        continue
      }
    }
    const index = records.length
    if (index === ingestLimits.recordsMax) throw tooManyRecords()
    const end = reader.end()
    records.push(sealItem(index, body, reader.at, end, context.defaults))
    reader.at = end
  }
  return records
}

/** A fault inside an item rejects that item; only the lengths of items are the body's affair. */
function sealItem(index: number, body: Uint8Array, start: number, end: number, defaults: Defaults): IngestRecord {
  const reader = new WireReader(body)
  reader.at = start
  let subject = ''
  let eventStart = end
  let eventEnd = end
  let events = 0
  try {
    while (reader.at < end) {
      const tag = reader.varint()
      if (tag === TAG_SUBJECT) {
        const next = reader.end()
        subject = text(body, reader.at, next)
        reader.at = next
      } else if (tag === TAG_EVENT) {
        eventEnd = reader.end()
        eventStart = reader.at
        events++
        reader.at = eventEnd
      } else {
        reader.skip(tag)
      }
    }
    if (reader.at !== end) throw truncated()
    // Protobuf would merge them. Nobody splits an event, so nobody is served by the code for it.
    if (events > 1) throw new WeirError('malformed', 'The item has more than one event.')
    return sealBytes(index, subject, body, eventStart, eventEnd, defaults)
  } catch (thrown) {
    return rejection(index, thrown)
  }
}

function sealBytes(
  index: number,
  subject: string,
  body: Uint8Array,
  start: number,
  end: number,
  defaults: Defaults,
): IngestRecord {
  if (!scanner.scan(body, start, end)) {
    return seal(index, subject, decodeEvent(body.subarray(start, end)), defaults, false)
  }
  const fault = subjectFault(subject, false)
  if (fault !== undefined) return { index, code: 'malformed', message: fault }
  const { idStart, idEnd, hasTime, timeAt, timeSeconds } = scanner
  if (timeSeconds > defaults.lastSecond) return { index, code: 'invalid', message: aheadFault(defaults) }
  if (idEnd > 0 && hasTime) return { index, subject, id: text(body, idStart, idEnd), event: body.subarray(start, end) }
  const id = idEnd > 0 ? text(body, idStart, idEnd) : defaults.ids.idOf(index)
  const head = idEnd > 0 ? nothing : encodeId(id)
  const time = hasTime ? nothing : defaults.timeBytes
  const event = new Uint8Array(head.length + time.length + end - start)
  event.set(head)
  event.set(body.subarray(start, timeAt), head.length)
  event.set(time, head.length + timeAt - start)
  event.set(body.subarray(timeAt, end), head.length + timeAt - start + time.length)
  if (event.length > limits.eventBytesMax) return { index, code: 'too_large', message: 'The event is too large.' }
  return { index, subject, id, event }
}

/** EventBatch.items, Item.subject and Item.event, each of wire type 2. */
const TAG_ITEMS = 0x0a
const TAG_SUBJECT = 0x0a
const TAG_EVENT = 0x12

const scanner = new EventScanner()
const nothing = new Uint8Array(0)
const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** What is not UTF-8 becomes U+FFFD, which no subject may have; ids were checked before. */
function text(body: Uint8Array, start: number, end: number): string {
  return decoder.decode(body.subarray(start, end))
}

/** The field `id` of an event; ids given here take less than 128 bytes. */
function encodeId(id: string): Uint8Array {
  const bytes = encoder.encode(`\n\0${id}`)
  bytes[1] = bytes.length - 2
  return bytes
}

function decodeEvent(bytes: Uint8Array): Event {
  if (bytes.length > limits.eventBytesMax) {
    throw new WeirError(
      'too_large',
      `The event has ${bytes.length} bytes; at most ${limits.eventBytesMax} are allowed.`,
    )
  }
  try {
    return fromBinary(EventSchema, bytes, { readUnknownFields: false })
  } catch (cause) {
    throw new WeirError('malformed', 'The event is not a weir.v1.Event in Protobuf.', { cause })
  }
}
