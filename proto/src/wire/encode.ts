import type { Event } from '../gen/weir/v1/event_pb.js'
import type { ClientFrame, ServerFrame } from '../gen/weir/v1/wire_pb.js'
import type { Field, Message } from './message.ts'
import { clientFrame, event, serverFrame } from './messages.ts'
import { FIXED64, LENGTH_DELIMITED, VARINT } from './wire-reader.ts'
import { WireWriter } from './wire-writer.ts'

// What the generated code's toBinary writes, byte for byte; proved in message-bytes.test.ts. Lone
// surrogates become U+FFFD.

export function encodeEvent(value: Event): Uint8Array<ArrayBuffer> {
  return encode(event, value)
}

export function encodeClientFrame(value: ClientFrame): Uint8Array<ArrayBuffer> {
  return encode(clientFrame, value)
}

export function encodeServerFrame(value: ServerFrame): Uint8Array<ArrayBuffer> {
  return encode(serverFrame, value)
}

type Value = { readonly [name: string]: unknown }
type Oneof = { readonly case: string | undefined; readonly value?: unknown }

function encode(message: Message, value: object): Uint8Array<ArrayBuffer> {
  const writer = new WireWriter()
  writeMessage(message, value as Value, writer)
  return writer.finish()
}

function writeMessage(message: Message, source: Value, writer: WireWriter): void {
  for (const field of message.fields) {
    const { name, number, oneof, label } = field
    if (oneof !== undefined) {
      const chosen = source[oneof] as Oneof
      if (chosen.case === name) writeTagged(field, number, chosen.value, writer)
    } else if (label === 'list') {
      for (const item of source[name] as readonly unknown[]) writeTagged(field, number, item, writer)
    } else if (label === 'map') {
      writeMap(field, source[name] as Value, writer)
    } else if (!isZero(source[name])) writeTagged(field, number, source[name], writer)
  }
}

function writeMap(field: Field, map: Value, writer: WireWriter): void {
  for (const key of Object.keys(map)) {
    writer.tag(field.number, LENGTH_DELIMITED)
    writer.delimited(() => {
      writer.tag(1, LENGTH_DELIMITED)
      writer.string(key)
      writeTagged(field, 2, map[key], writer)
    })
  }
}

function writeTagged({ kind, message }: Field, number: number, value: unknown, writer: WireWriter): void {
  switch (kind) {
    case 'string':
      writer.tag(number, LENGTH_DELIMITED)
      writer.string(value as string)
      return
    case 'bytes':
      writer.tag(number, LENGTH_DELIMITED)
      writer.slice(value as Uint8Array)
      return
    case 'message':
      writer.tag(number, LENGTH_DELIMITED)
      writer.delimited(() => writeMessage(message as Message, value as Value, writer))
      return
    case 'double':
      writer.tag(number, FIXED64)
      writer.double(value as number)
      return
    case 'uint32':
      writer.tag(number, VARINT)
      writer.uint32(value as number)
      return
    default:
      // Of 32 bits too: a negative number takes ten bytes in Protobuf.
      writer.tag(number, VARINT)
      writer.int64(BigInt(value as number | bigint | boolean))
  }
}

/** Whether a field without presence is left out. */
function isZero(value: unknown): boolean {
  if (value instanceof Uint8Array) return value.length === 0
  return value === undefined || value === '' || value === false || value === 0n || value === 0
}
