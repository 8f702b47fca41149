import { WeirError } from '../error.ts'
import type { Batch, Entry, Removal, ServerFrame, Shard, Shards } from '../gen/weir/v1/wire_pb.js'
import { cursorToWire, parseCursor } from '../names/cursor.ts'
import { encodeEvent } from '../wire/encode.ts'
import { emptyMessage } from '../wire/message.ts'
import { entry as entryMessage, serverFrame } from '../wire/messages.ts'
import { JsonEvent } from './json-event.ts'
import { parseJson } from './json-reader.ts'
import { itemTexts, memberText } from './json-slice.ts'
import { objectOf, readFields, unexpected, type Value } from './message-json.ts'
import { receivedEvent } from './received-event.ts'

/**
 * A server's frame whose events are still encoded: bytes of Protobuf, or in their JSON form.
 */
export type ReceivedFrame<Encoded> =
  | Exclude<ServerFrame['frame'], { case: 'batch' }>
  | { readonly case: 'batch'; readonly value: ReceivedBatch<Encoded> }

export interface ReceivedBatch<Encoded> extends Omit<Batch, 'entries'> {
  readonly entries: readonly ReceivedEntry<Encoded>[]
}

export interface ReceivedEntry<Encoded> extends Omit<Entry, 'content'> {
  readonly content:
    | { case: 'event'; value: Encoded }
    | { case: 'removal'; value: Removal }
    | { case: undefined; value?: undefined }
}

/**
 * A server's frame from the text of one message of subprotocol `weir.v1.json`. Throws `malformed`.
 *
 * Budget: 10 us an event of 300 bytes, with its data (bench/src/client.bench.ts).
 */
export function readServerFrame(text: string): ReceivedFrame<JsonEvent> {
  const { type, cursor, entries, shards, ...rest } = objectOf(parseJson(text, 'frame'), 'frame')
  const message = serverFrame.fields.find(({ name }) => name === type)?.message
  if (message === undefined) throw unknownType()
  const value = emptyMessage(message)
  readFields(message, rest, value)
  if (type === 'subscribed' && cursor) value.cursor = cursorToWire(parseCursor(String(cursor)))
  if (type === 'subscribed' && shards !== undefined) value.shards = readShards(shards)
  if (type === 'batch') value.entries = readEntries(entries ?? [], text)
  return { case: type, value } as unknown as ReceivedFrame<JsonEvent>
}

/**
 * The same as Protobuf has it: a batch's events are bytes, none where the hub could not decode one.
 */
export function serverFrameFromJson(text: string): ServerFrame {
  const frame = readServerFrame(text)
  if (frame.case !== 'batch') return { $typeName: 'weir.v1.ServerFrame', frame }
  const entries = frame.value.entries.map((entry): Entry => {
    const { content } = entry
    return content.case === 'event'
      ? { ...entry, content: { case: 'event', value: eventBytes(content.value) } }
      : { ...entry, content }
  })
  return { $typeName: 'weir.v1.ServerFrame', frame: { case: 'batch', value: { ...frame.value, entries } } }
}

function readShards(shards: unknown): Shards {
  if (!Array.isArray(shards)) throw unexpected('shards')
  const items = shards.map((item: unknown, at): Shard => {
    const { channel, cursor } = objectOf(item, `shards[${at}]`)
    const shard: Shard = { $typeName: 'weir.v1.Shard', channel: Number(channel) }
    return cursor === undefined ? shard : { ...shard, cursor: cursorToWire(parseCursor(String(cursor))) }
  })
  return { $typeName: 'weir.v1.Shards', shards: items }
}

/** The text of an entry is looked for when that of its event is asked for, which few do. */
function readEntries(entries: unknown, text: string): unknown {
  if (!Array.isArray(entries)) throw unexpected('entries')
  let texts: readonly string[] | undefined
  return entries.map((entry: unknown, at) =>
    readEntry(objectOf(entry, `entries[${at}]`), () => {
      texts ??= itemTexts(memberText(text, 'entries') as string)
      return memberText(texts[at] as string, 'event') as string
    }),
  )
}

function readEntry({ event, removed, ...rest }: Value, cut: () => string): unknown {
  const value = emptyMessage(entryMessage)
  readFields(entryMessage, { ...rest, removal: removed }, value)
  if (removed !== undefined) return value
  if (event !== null) objectOf(event, 'event')
  return { ...value, content: { case: 'event', value: new JsonEvent(event as JsonEvent['value'], cut) } }
}

function eventBytes(event: JsonEvent): Uint8Array {
  return event.value === null ? new Uint8Array(0) : encodeEvent(receivedEvent(event))
}

function unknownType(): WeirError {
  const names = serverFrame.fields.map(({ name }) => name).join(', ')
  return new WeirError('malformed', `type: is not one of ${names}.`)
}
