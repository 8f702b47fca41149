import { WeirError } from '../error.ts'
import type { Batch, Entry, Limits, Removal, ServerFrame } from '../gen/weir/v1/wire_pb.js'
import { cursorToWire, parseCursor } from '../names/cursor.ts'
import { encodeEvent } from '../wire/encode.ts'
import { removalValues, startValues } from '../wire/enum-values.ts'
import { eventFromJsonText } from './event-json-text.ts'
import {
  enumNames,
  expected,
  type JsonObject,
  parseJson,
  readBoolean,
  readEnum,
  readObject,
  readString,
  readUint32,
  readUint64,
} from './json-reader.ts'
import { itemTexts, memberText } from './json-slice.ts'

/** A server's frame whose events are still encoded: bytes of Protobuf, or the text of their JSON form. */
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
 * A server's frame from the text of one message of subprotocol `weir.v1.json`, each event as the text of its JSON form, or
 * `null` where the hub could not decode it. Throws `malformed` with the path of what is wrong. Unknown fields are passed
 * over, so that a newer hub may add some.
 */
export function readServerFrame(text: string): ReceivedFrame<string> {
  return readFrame(readObject(parseJson(text, 'frame'), 'frame'), text)
}

/** The same as Protobuf has it: a batch's events are bytes, none where the hub could not decode one. */
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

function readFrame(object: JsonObject, text: string): ReceivedFrame<string> {
  switch (object.type) {
    case 'welcome': {
      const value = {
        $typeName: 'weir.v1.Welcome' as const,
        session: readString(object.session, 'session'),
        hub: readString(object.hub, 'hub'),
        heartbeatMs: readUint32(object.heartbeatMs, 'heartbeatMs'),
        limits: readLimits(readObject(object.limits ?? {}, 'limits')),
        tokenExpires: readUint64(object.tokenExpires, 'tokenExpires'),
      }
      return { case: 'welcome', value }
    }
    case 'subscribed': {
      const value = {
        $typeName: 'weir.v1.Subscribed' as const,
        id: readUint32(object.id, 'id'),
        channel: readUint32(object.channel, 'channel'),
        start: readEnum(object.start, 'start', starts),
      }
      const cursor = readString(object.cursor, 'cursor')
      return {
        case: 'subscribed',
        value: cursor === '' ? value : { ...value, cursor: cursorToWire(parseCursor(cursor)) },
      }
    }
    case 'batch':
      return { case: 'batch', value: readBatch(object, text) }
    case 'gap': {
      const value = {
        $typeName: 'weir.v1.Gap' as const,
        id: readUint32(object.id, 'id'),
        from: readUint64(object.from, 'from'),
        to: readUint64(object.to, 'to'),
        reason: readString(object.reason, 'reason'),
      }
      return { case: 'gap', value }
    }
    case 'refused': {
      const value = {
        $typeName: 'weir.v1.Refused' as const,
        id: readUint32(object.id, 'id'),
        code: readString(object.code, 'code'),
        message: readString(object.message, 'message'),
      }
      return { case: 'refused', value }
    }
    case 'goaway': {
      const value = {
        $typeName: 'weir.v1.Goaway' as const,
        reason: readString(object.reason, 'reason'),
        reconnectAfterMs: readUint32(object.reconnectAfterMs, 'reconnectAfterMs'),
      }
      return { case: 'goaway', value }
    }
    case 'pong':
      return { case: 'pong', value: { $typeName: 'weir.v1.Pong' } }
    default:
      throw new WeirError('malformed', 'type: is not one of welcome, subscribed, batch, gap, refused, goaway, pong.')
  }
}

function readLimits(object: JsonObject): Limits {
  return {
    $typeName: 'weir.v1.Limits',
    windowBytes: readUint32(object.windowBytes, 'limits.windowBytes'),
    frameBytesMax: readUint32(object.frameBytesMax, 'limits.frameBytesMax'),
    subscriptionsMax: readUint32(object.subscriptionsMax, 'limits.subscriptionsMax'),
    filtersMax: readUint32(object.filtersMax, 'limits.filtersMax'),
    intervalMsMax: readUint32(object.intervalMsMax, 'limits.intervalMsMax'),
  }
}

function readBatch(object: JsonObject, text: string): ReceivedBatch<string> {
  const entries = object.entries ?? []
  if (!Array.isArray(entries)) throw expected('a list', entries, 'entries')
  const texts = itemTexts(memberText(text, 'entries') ?? '[]')
  return {
    $typeName: 'weir.v1.Batch',
    channel: readUint32(object.channel, 'channel'),
    from: readUint64(object.from, 'from'),
    to: readUint64(object.to, 'to'),
    conflated: readUint64(object.conflated, 'conflated'),
    uncounted: readBoolean(object.uncounted, 'uncounted'),
    entries: entries.map((entry, at) =>
      readEntry(readObject(entry, `entries[${at}]`), texts[at] as string, `entries[${at}]`),
    ),
  }
}

function readEntry(object: JsonObject, text: string, path: string): ReceivedEntry<string> {
  const { removed } = object
  return {
    $typeName: 'weir.v1.Entry',
    subject: readString(object.subject, `${path}.subject`),
    seq: readUint64(object.seq, `${path}.seq`),
    content:
      removed === undefined
        ? { case: 'event', value: readEventText(memberText(text, 'event')) }
        : { case: 'removal', value: readEnum(removed, `${path}.removed`, removals) },
  }
}

function readEventText(text: string | undefined): string {
  const first = text?.[0]
  if (text !== undefined && (first === '{' || text === 'null')) return text
  throw expected('an object', text === undefined ? undefined : JSON.parse(text), 'event')
}

function eventBytes(text: string): Uint8Array {
  return text === 'null' ? new Uint8Array(0) : encodeEvent(eventFromJsonText(text))
}

const starts = enumNames(startValues, 'START_')
const removals = enumNames(removalValues, 'REMOVAL_')
