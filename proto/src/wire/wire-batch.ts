/**
 * Hand-written Protobuf for the two messages of the hub's hot path, weir.v1.Entry and
 * weir.v1.Batch, so that a batch is made by copying entries that were encoded once, when they
 * arrived. Proved against the generated code in wire-batch.test.ts.
 *
 * Budget: an entry 150 ns beside the copy of its event; a batch 1 us beside the copy of its entries
 * (bench/src/wire.bench.ts).
 */
import { Removal } from '../gen/weir/v1/wire_pb.js'

/** An upper bound of what writeBatchHead needs, bytes. */
export const BATCH_HEAD_BYTES_MAX = 64

/**
 * An upper bound of what writeEntry needs for a subject of so many characters and an event of so
 * many bytes.
 */
export function entryBytesMax(subjectLength: number, eventBytes: number): number {
  return subjectLength + eventBytes + 32
}

/**
 * Writes one entry as it stands in a batch (tag of Batch.entries, length, message) and returns
 * where it ends. The subject is ASCII by its grammar. `removal` is UNSPECIFIED where `event` is an
 * encoded weir.v1.Event.
 */
export function writeEntry(
  target: Uint8Array,
  start: number,
  subject: string,
  seq: number,
  event: Uint8Array,
  removal: Removal,
): number {
  const contentBytes = removal === Removal.UNSPECIFIED ? 1 + varintBytes(event.length) + event.length : 2
  const length = 1 + varintBytes(subject.length) + subject.length + 1 + varintBytes(seq) + contentBytes
  let at = start
  target[at++] = TAG_BATCH_ENTRIES
  at = writeVarint(target, at, length)
  target[at++] = TAG_ENTRY_SUBJECT
  at = writeVarint(target, at, subject.length)
  for (let index = 0; index < subject.length; index++) target[at++] = subject.charCodeAt(index)
  target[at++] = TAG_ENTRY_SEQ
  at = writeVarint(target, at, seq)
  if (removal !== Removal.UNSPECIFIED) {
    target[at++] = TAG_ENTRY_REMOVAL
    target[at++] = removal
    return at
  }
  target[at++] = TAG_ENTRY_EVENT
  at = writeVarint(target, at, event.length)
  target.set(event, at)
  return at + event.length
}

/** What a batch says beside its entries. */
export interface BatchHead {
  readonly channel: number
  readonly from: number
  readonly to: number
  readonly conflated: number
  readonly uncounted: boolean
}

/** Bytes that writeBatchHead will write for a batch whose entries take `entriesBytes`. */
export function batchHeadBytes(head: BatchHead, entriesBytes: number): number {
  const fields = batchFieldBytes(head)
  return 1 + varintBytes(fields + entriesBytes) + fields
}

/**
 * Writes a ServerFrame with a Batch up to its entries, which follow at the returned place and take
 * `entriesBytes`.
 */
export function writeBatchHead(target: Uint8Array, start: number, head: BatchHead, entriesBytes: number): number {
  let at = start
  target[at++] = TAG_FRAME_BATCH
  at = writeVarint(target, at, batchFieldBytes(head) + entriesBytes)
  target[at++] = TAG_BATCH_CHANNEL
  at = writeVarint(target, at, head.channel)
  target[at++] = TAG_BATCH_FROM
  at = writeVarint(target, at, head.from)
  target[at++] = TAG_BATCH_TO
  at = writeVarint(target, at, head.to)
  if (head.conflated > 0) {
    target[at++] = TAG_BATCH_CONFLATED
    at = writeVarint(target, at, head.conflated)
  }
  if (head.uncounted) {
    target[at++] = TAG_BATCH_UNCOUNTED
    target[at++] = 1
  }
  return at
}

/**
 * The encoded event inside an entry that writeEntry wrote at `start`; a view, empty for a removal.
 */
export function entryEvent(bytes: Uint8Array, start: number, end: number): Uint8Array {
  let at = skipVarint(bytes, start + 1) + 1
  const low = bytes[at] as number
  const subjectBytes = low < 0x80 ? low : (low & 0x7f) | ((bytes[at + 1] as number) << 7)
  at = skipVarint(bytes, skipVarint(bytes, at) + subjectBytes + 1)
  if (bytes[at] !== TAG_ENTRY_EVENT) return bytes.subarray(end, end)
  return bytes.subarray(skipVarint(bytes, at + 1), end)
}

// Field number and wire type, by weir/v1/wire.proto.
const TAG_FRAME_BATCH = 0x1a
const TAG_BATCH_CHANNEL = 0x08
const TAG_BATCH_FROM = 0x10
const TAG_BATCH_TO = 0x18
const TAG_BATCH_CONFLATED = 0x20
const TAG_BATCH_UNCOUNTED = 0x28
const TAG_BATCH_ENTRIES = 0x32
const TAG_ENTRY_SUBJECT = 0x0a
const TAG_ENTRY_SEQ = 0x10
const TAG_ENTRY_EVENT = 0x1a
const TAG_ENTRY_REMOVAL = 0x20

function batchFieldBytes(head: BatchHead): number {
  return (
    3 +
    varintBytes(head.channel) +
    varintBytes(head.from) +
    varintBytes(head.to) +
    (head.conflated > 0 ? 1 + varintBytes(head.conflated) : 0) +
    (head.uncounted ? 2 : 0)
  )
}

function skipVarint(bytes: Uint8Array, start: number): number {
  let at = start
  while ((bytes[at] as number) > 0x7f) at++
  return at + 1
}

/** Bytes of a varint, for whole numbers up to 2^53 - 1. */
function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

function writeVarint(target: Uint8Array, start: number, value: number): number {
  let at = start
  let rest = value
  while (rest > 0x7fffffff) {
    target[at++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  while (rest > 0x7f) {
    target[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  target[at++] = rest
  return at
}
