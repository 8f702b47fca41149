import { decodeEvent, type Event, entryEvent, eventToJson, formatTimestamp, Removal } from '@weir/proto'
import type { Reads } from '../../engine/delivery/channel-kind.ts'
import type { Entry } from '../../engine/log/entry.ts'
import { nameIn } from './channel-name.ts'
import { EventFields, type Kind } from './event-fields.ts'
import { isJsonText } from './json-text.ts'

/** What one encoding of the protocol makes of the parts of a publication. */
export interface PublicationSink {
  /** The data, which is the text of one JSON value in UTF-8. */
  data(bytes: Uint8Array, start: number, end: number): void
  removed(): void
  offset(seq: number): void
  /** The channel of the subject alone, where the publication came by a wildcard. */
  channel(name: string): void
  /** Comes after all others: tags, each by `tag` or `label`, until `end`. */
  tags(): void
  /** A tag whose name and value are ASCII. */
  tag(name: string, value: string): void
  /** A tag whose value is UTF-8. */
  tagBytes(name: string, bytes: Uint8Array, start: number, end: number): void
  /** A label as a tag. Its name gets the prefix where it would be taken for one of ours. */
  label(fields: EventFields, index: number, prefix: string): void
  end(): void
}

/** What the first publication of a batch tells of what was left out. */
export interface Told {
  readonly conflated: number
  readonly uncounted: boolean
}

/**
 * Tells a sink what a publication is of an entry. The data of an event is its `json` as it was
 * written, or the member of its JSON form that its kind has; everything else about it is in tags.
 * What cannot be decoded, as it was not written by ingest, has `null` as its data.
 *
 * Budget: 1 us beside the copy of the event (bench/src/centrifuge.bench.ts).
 */
export function describe(entry: Entry, reads: Reads, told: Told, sink: PublicationSink): void {
  const { subject } = entry.state
  const event = entryEvent(entry.bytes, entry.start, entry.end)
  const isKnown = entry.removal === Removal.UNSPECIFIED && fields.scan(event)
  if (!isKnown) sink.data(nothing, 0, nothing.length)
  else if (fields.kind !== '') describeKind(event, fields.kind, sink)
  else describeJson(sink)
  if (entry.removal !== Removal.UNSPECIFIED) sink.removed()
  sink.offset(entry.seq)
  if (reads.filters[0] !== subject) sink.channel(nameIn(reads.source, subject))
  sink.tags()
  sink.tag('subject', subject)
  if (entry.removal !== Removal.UNSPECIFIED) {
    sink.tag('removed', entry.removal === Removal.EXPIRED ? 'EXPIRED' : 'DELETED')
  }
  if (isKnown) describeEvent(sink)
  if (reads.intervalMs > 0) sink.tag('interval', String(reads.intervalMs))
  if (told.conflated > 0) sink.tag('conflated', String(told.conflated))
  if (told.uncounted) sink.tag('uncounted', 'true')
  sink.end()
}

const fields = new EventFields()
const encoder = new TextEncoder()
const nothing = encoder.encode('null')

function describeEvent(sink: PublicationSink): void {
  const { bytes, id, type, source, kind, labelCount } = fields
  if (id.end > id.start) sink.tagBytes('id', bytes, id.start, id.end)
  if (type.end > type.start) sink.tagBytes('type', bytes, type.start, type.end)
  if (source.end > source.start) sink.tagBytes('source', bytes, source.start, source.end)
  if (kind !== '') sink.tag('kind', kind)
  const time = fields.hasTime ? timeText() : undefined
  if (time !== undefined) sink.tag('time', time)
  for (let index = 0; index < labelCount; index++) {
    sink.label(fields, index, isOurs(index) ? 'label.' : '')
  }
}

function timeText(): string | undefined {
  const { isEarly, timeSeconds, timeNanos, bytes } = fields
  if (!isEarly) return formatTimestamp(timestampOf(timeSeconds, timeNanos))
  try {
    const { time } = decodeEvent(bytes)
    return time === undefined ? undefined : formatTimestamp(time)
  } catch {
    return undefined
  }
}

function timestampOf(seconds: number, nanos: number): NonNullable<Event['time']> {
  return { $typeName: 'google.protobuf.Timestamp', seconds: BigInt(seconds), nanos }
}

/** Whether a label has the name of one of our tags. */
function isOurs(index: number): boolean {
  const { start, end } = fields.labels[index]?.name ?? nowhere
  if (end - start > LONGEST_OF_OURS) return false
  let name = ''
  for (let at = start; at < end; at++) name += String.fromCharCode(fields.bytes[at] as number)
  return ourTags.has(name)
}

const nowhere = { start: 0, end: 0 }

/** The tags that say what an event is and how it was delivered. */
export const ourTags: ReadonlySet<string> = new Set([
  'subject',
  'removed',
  'id',
  'type',
  'source',
  'kind',
  'time',
  'interval',
  'conflated',
  'uncounted',
])

const LONGEST_OF_OURS = 9

/** Ingest lets nothing in but JSON; yet one line of anything else would break a whole message. */
function describeJson(sink: PublicationSink): void {
  const { bytes, json } = fields
  const { start, end } = json
  if (end === start) sink.data(nothing, 0, nothing.length)
  else if (fields.isText(json) && isJsonText(bytes, start, end)) sink.data(bytes, start, end)
  else {
    const text = encoder.encode(JSON.stringify(new TextDecoder().decode(bytes.subarray(start, end))))
    sink.data(text, 0, text.length)
  }
}

/** What is no JSON is decoded, once for all of a channel. */
function describeKind(event: Uint8Array, kind: Kind, sink: PublicationSink): void {
  let text: Uint8Array
  try {
    text = encoder.encode(JSON.stringify(eventToJson(decodeEvent(event))[kind] ?? null))
  } catch {
    text = nothing
  }
  sink.data(text, 0, text.length)
}
