import { WeirError } from '../error.ts'
import { emptyMessage, type Field, type Message } from '../wire/message.ts'
import { decodeBase64 } from './json-reader.ts'

// Reads what a server of Weir has written in JSON, by the tables of the messages. Unlike the strict
// readers, which are for producers, it passes over fields that it does not know, which a newer
// server may send. It is small, for browsers.

/** Parsed JSON, or a message that is being filled. */
export type Value = { [name: string]: unknown }

/** Sets what is there, and is not null. Throws `malformed`. */
export function readFields(message: Message, source: Value, target: Value): void {
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

/** Throws `malformed`. */
export function objectOf(given: unknown, name: string): Value {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw unexpected(name)
  return given as Value
}

export function unexpected(name: string): WeirError {
  return new WeirError('malformed', `${name}: this is not what a server of Weir writes.`)
}

function readValue({ kind, message, name, values }: Field, given: unknown): unknown {
  switch (kind) {
    case 'message':
      return readMessage(message as Message, given, name)
    case 'string':
      if (typeof given === 'string') return given
      break
    case 'bool':
      if (typeof given === 'boolean') return given
      break
    case 'bytes':
      return decodeBase64(String(given), name)
    case 'double':
      if (typeof given === 'number') return given
      if (given === 'NaN' || given === 'Infinity' || given === '-Infinity') return Number(given)
      break
    case 'int64':
      if (/^-?\d{1,20}$/.test(String(given))) return BigInt(given as string)
      break
    case 'enum':
      // A name that a newer server knows is no value that this one does.
      if (typeof given === 'string') return values?.[given] ?? 0
      if (Number.isInteger(given)) return given
      break
    default:
      if (Number.isSafeInteger(given)) return kind === 'uint64' ? BigInt(given as number) : given
  }
  throw unexpected(name)
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
