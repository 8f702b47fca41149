import { WeirError } from '../error.ts'
import type { Event } from '../gen/weir/v1/event_pb.js'
import { emptyMessage, type Field, type Message } from '../wire/message.ts'
import { event } from '../wire/messages.ts'
import { decodeBase64, parseJson } from './json-reader.ts'
import { memberText } from './json-slice.ts'

/**
 * An Event from the text in which a server of Weir has written it. Unlike eventFromJson it passes over fields that it does not
 * know, which a newer server may send, and takes nothing that only people write. It is small, for browsers. `null`, an event
 * that the server could not decode, has nothing in it. Throws `malformed`.
 */
export function receivedEvent(text: string): Event {
  const source = parseJson(text, 'event')
  const target = emptyMessage(event)
  if (source === null) return target as unknown as Event
  const { data, ...rest } = objectOf(source, 'event')
  readFields(event, rest, target)
  // The only field whose name in JSON is another, and the only one whose text is kept.
  if (data !== undefined) target.data = { case: 'json', value: memberText(text, 'data') }
  return target as unknown as Event
}

type Value = { [name: string]: unknown }

function readFields(message: Message, source: Value, target: Value): void {
  for (const field of message.fields) {
    const { name, oneof, label } = field
    const given = source[name]
    if (given === undefined || given === null) continue
    if (oneof !== undefined) target[oneof] = { case: name, value: readValue(field, given) }
    else if (label === 'map') {
      const pairs = Object.entries(objectOf(given, name)).map(([key, value]) => [key, readValue(field, value)])
      // fromEntries defines and does not assign, so a key may be `__proto__`.
      target[name] = Object.fromEntries(pairs)
    } else target[name] = readValue(field, given)
  }
}

function readValue(field: Field, given: unknown): unknown {
  const { kind, message, values } = field
  if (message !== undefined) return readMessage(message, given, field.name)
  if (kind === 'enum' && typeof given === 'string') return values?.[given] ?? 0
  if (kind === 'double' && (given === 'NaN' || given === 'Infinity' || given === '-Infinity')) return Number(given)
  if (kind === 'int64' && /^-?\d{1,20}$/.test(String(given))) return BigInt(given as string)
  if (kind === 'bytes' && typeof given === 'string') return decodeBase64(given, field.name)
  if (kind === 'int64' || typeof given !== (kind === 'string' ? 'string' : 'number')) throw unexpected(field.name)
  return given
}

function readMessage(message: Message, given: unknown, name: string): unknown {
  if (message.typeName === 'google.protobuf.Timestamp') return readTime(given, name)
  const target = emptyMessage(message)
  readFields(message, objectOf(given, name), target)
  return target
}

/** As formatTimestamp writes it: UTC, with up to nine digits after the point. */
function readTime(given: unknown, name: string): unknown {
  const [, second = '', fraction = ''] = /^(.{19})(?:\.(\d{1,9}))?Z$/.exec(String(given)) ?? []
  const milliseconds = Date.parse(`${second}Z`)
  if (Number.isNaN(milliseconds)) throw unexpected(name)
  const nanos = Number(fraction.padEnd(9, '0'))
  return { $typeName: 'google.protobuf.Timestamp', seconds: BigInt(milliseconds / 1000), nanos }
}

function objectOf(given: unknown, name: string): Value {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw unexpected(name)
  return given as Value
}

function unexpected(name: string): WeirError {
  return new WeirError('malformed', `${name}: this is not what a server of Weir writes.`)
}
