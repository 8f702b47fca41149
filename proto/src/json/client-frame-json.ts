import { WeirError } from '../error.ts'
import type { ClientFrame, Subscribe } from '../gen/weir/v1/wire_pb.js'
import { cursorField, cursorOfField, formatCursor, parseCursor } from '../names/cursor.ts'
import { enumName, modeValues } from '../wire/enum-values.ts'
import {
  enumNames,
  type JsonObject,
  parseJson,
  readEnum,
  readObject,
  readString,
  readStrings,
  readUint32,
  unknownField,
} from './json-reader.ts'

/**
 * A client's frame from the text of one message of subprotocol `weir.v1.json`:
 * `{"type": "<name of the frame>", ...}`. Throws `malformed` with the path of what is wrong.
 * Unknown fields are errors, as people write these frames by hand.
 */
export function clientFrameFromJson(text: string): ClientFrame {
  const object = readObject(parseJson(text, 'frame'), 'frame')
  return { $typeName: 'weir.v1.ClientFrame', frame: readFrame(object) }
}

/**
 * The text of a client's frame for subprotocol `weir.v1.json`; fields that hold their default are
 * left out.
 */
export function clientFrameToJson({ frame }: ClientFrame): string {
  switch (frame.case) {
    case 'hello':
      return JSON.stringify({
        type: 'hello',
        token: frame.value.token || undefined,
        client: frame.value.client || undefined,
        windowBytes: frame.value.windowBytes || undefined,
      })
    case 'subscribe': {
      const cursor = cursorOfField(frame.value)
      return JSON.stringify({
        type: 'subscribe',
        id: frame.value.id,
        source: frame.value.source,
        filters: frame.value.filters,
        mode: frame.value.mode === modeValues.UNSPECIFIED ? undefined : enumName(modeValues, frame.value.mode),
        cursor: cursor && formatCursor(cursor),
        intervalMs: frame.value.intervalMs || undefined,
      })
    }
    case 'unsubscribe':
      return JSON.stringify({ type: 'unsubscribe', id: frame.value.id })
    case 'ack':
      return JSON.stringify({ type: 'ack', bytes: frame.value.bytes })
    case 'renew':
      return JSON.stringify({ type: 'renew', token: frame.value.token })
    case 'ping':
      return '{"type":"ping"}'
    case undefined:
      throw new WeirError('internal', 'A frame without content has no JSON form.')
  }
}

function readFrame(object: JsonObject): ClientFrame['frame'] {
  const type = object.type
  if (typeof type !== 'string' || !Object.hasOwn(fieldNames, type)) {
    throw new WeirError('malformed', `type: is not one of ${Object.keys(fieldNames).join(', ')}.`)
  }
  const name = type as keyof typeof fieldNames
  checkFields(object, fieldNames[name])
  switch (name) {
    case 'hello': {
      const value = {
        $typeName: 'weir.v1.Hello' as const,
        token: readString(object.token, 'token'),
        client: readString(object.client, 'client'),
        windowBytes: readUint32(object.windowBytes, 'windowBytes'),
      }
      return { case: 'hello', value }
    }
    case 'subscribe':
      return { case: 'subscribe', value: readSubscribe(object) }
    case 'unsubscribe':
      return { case: 'unsubscribe', value: { $typeName: 'weir.v1.Unsubscribe', id: readUint32(object.id, 'id') } }
    case 'ack':
      return { case: 'ack', value: { $typeName: 'weir.v1.Ack', bytes: readUint32(object.bytes, 'bytes') } }
    case 'renew':
      return { case: 'renew', value: { $typeName: 'weir.v1.Renew', token: readString(object.token, 'token') } }
    case 'ping':
      return { case: 'ping', value: { $typeName: 'weir.v1.Ping' } }
  }
}

function readSubscribe(object: JsonObject): Subscribe {
  const subscribe: Subscribe = {
    $typeName: 'weir.v1.Subscribe',
    id: readUint32(object.id, 'id'),
    source: readString(object.source, 'source'),
    filters: readStrings(object.filters, 'filters'),
    mode: readEnum(object.mode, 'mode', modes),
    intervalMs: readUint32(object.intervalMs, 'intervalMs'),
  }
  // Absent is the one way to have none: an empty one is a mistake of whoever kept it.
  if (object.cursor === undefined) return subscribe
  return { ...subscribe, ...cursorField(parseCursor(readString(object.cursor, 'cursor'))) }
}

const modes = /* @__PURE__ */ enumNames(modeValues, 'MODE_')

const fieldNames = {
  hello: ['token', 'client', 'windowBytes'],
  subscribe: ['id', 'source', 'filters', 'mode', 'cursor', 'intervalMs'],
  unsubscribe: ['id'],
  ack: ['bytes'],
  renew: ['token'],
  ping: [],
} as const satisfies Record<NonNullable<ClientFrame['frame']['case']>, readonly string[]>

function checkFields(object: JsonObject, known: readonly string[]): void {
  for (const key of Object.keys(object)) if (key !== 'type' && !known.includes(key)) throw unknownField('', key)
}
