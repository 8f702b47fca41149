import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { WeirError } from '../error.ts'
import { EventSchema } from '../gen/weir/v1/event_pb.js'
import { type Batch, type Entry, type Limits, Removal, type ServerFrame, Start } from '../gen/weir/v1/wire_pb.js'
import { cursorFromWire, cursorToWire, formatCursor, parseCursor } from '../names/cursor.ts'
import { eventFromJsonText, eventToJsonText } from './event-json-text.ts'
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

/**
 * A server's frame from the text of one message of subprotocol `weir.v1.json`. Throws `malformed` with the path of what
 * is wrong. Unknown fields are passed over, so that a newer hub may add some. A batch's events come back as bytes.
 */
export function serverFrameFromJson(text: string): ServerFrame {
  const object = readObject(parseJson(text, 'frame'), 'frame')
  return { $typeName: 'weir.v1.ServerFrame', frame: readFrame(object, text) }
}

/** The text of a server's frame for subprotocol `weir.v1.json`. Not for a batch: see batchToJson. */
export function serverFrameToJson({ frame }: ServerFrame): string {
  switch (frame.case) {
    case 'welcome': {
      const { session, hub, heartbeatMs, limits, tokenExpires } = frame.value
      const { windowBytes, frameBytesMax, subscriptionsMax, filtersMax, intervalMsMax } = limits ?? noLimits
      return JSON.stringify({
        type: 'welcome',
        session,
        hub,
        heartbeatMs,
        limits: { windowBytes, frameBytesMax, subscriptionsMax, filtersMax, intervalMsMax },
        tokenExpires: Number(tokenExpires),
      })
    }
    case 'subscribed': {
      const { id, channel, cursor, start } = frame.value
      return JSON.stringify({
        type: 'subscribed',
        id,
        channel,
        cursor: cursor && formatCursor(cursorFromWire(cursor)),
        start: Start[start] ?? start,
      })
    }
    case 'gap': {
      const { id, from, to, reason } = frame.value
      return JSON.stringify({ type: 'gap', id, from: Number(from), to: Number(to), reason })
    }
    case 'refused': {
      const { id, code, message } = frame.value
      return JSON.stringify({ type: 'refused', id, code, message })
    }
    case 'goaway': {
      const { reason, reconnectAfterMs } = frame.value
      return JSON.stringify({ type: 'goaway', reason, reconnectAfterMs })
    }
    case 'pong':
      return '{"type":"pong"}'
    case 'batch':
    case undefined:
      throw new WeirError('internal', 'A batch needs its epoch (batchToJson), and an empty frame has no JSON form.')
  }
}

/** The text of a batch for subprotocol `weir.v1.json`. A hub has a writer of its own, for events as it holds them. */
export function batchToJson(batch: Batch, epoch: number): string {
  const { channel, from, to, conflated, uncounted, entries } = batch
  const head = JSON.stringify({
    type: 'batch',
    channel,
    from: Number(from),
    to: Number(to),
    cursor: formatCursor({ epoch, seq: Number(to) }),
    conflated: Number(conflated),
    uncounted: uncounted || undefined,
  })
  return `${head.slice(0, -1)},"entries":[${entries.map(entryToJson).join(',')}]}`
}

function entryToJson({ subject, seq, content }: Entry): string {
  if (content.case !== 'event') {
    return JSON.stringify({ subject, seq: Number(seq), removed: Removal[content.value ?? Removal.UNSPECIFIED] })
  }
  const event = eventToJsonText(fromBinary(EventSchema, content.value))
  return `{"subject":${JSON.stringify(subject)},"seq":${seq},"event":${event}}`
}

function readFrame(object: JsonObject, text: string): ServerFrame['frame'] {
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

function readBatch(object: JsonObject, text: string): Batch {
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

function readEntry(object: JsonObject, text: string, path: string): Entry {
  const { removed } = object
  return {
    $typeName: 'weir.v1.Entry',
    subject: readString(object.subject, `${path}.subject`),
    seq: readUint64(object.seq, `${path}.seq`),
    content:
      removed === undefined
        ? { case: 'event', value: readEventBytes(memberText(text, 'event')) }
        : { case: 'removal', value: readEnum(removed, `${path}.removed`, removals) },
  }
}

/** Null stands for what a hub could not decode: no bytes, and so an event without anything. */
function readEventBytes(text: string | undefined): Uint8Array {
  if (text === undefined) throw expected('an object', undefined, 'event')
  return text === 'null' ? new Uint8Array(0) : toBinary(EventSchema, eventFromJsonText(text))
}

const starts = enumNames(Start, 'START_')
const removals = enumNames(Removal, 'REMOVAL_')

const noLimits = { windowBytes: 0, frameBytesMax: 0, subscriptionsMax: 0, filtersMax: 0, intervalMsMax: 0 }
