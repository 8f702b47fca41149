import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { type Reply, ReplySchema } from '../../gen/centrifuge/v2/client_pb.js'
import { ByteWriter } from './byte-writer.ts'

/** A reply, or a push where it has no id. */
export type ReplyInit = Omit<MessageInitShape<typeof ReplySchema>, '$typeName'>

/**
 * As one line of JSON. Data, and publications, are texts of JSON in UTF-8 and stand as they are.
 */
export function jsonReply(reply: ReplyInit): Uint8Array {
  return encoder.encode(jsonText(reply))
}

/** In Protobuf, after its length. Publications are encoded already. */
export function protobufReply(reply: ReplyInit): Uint8Array {
  const bytes = toBinary(ReplySchema, create(ReplySchema, reply) as Reply)
  const out = new ByteWriter(bytes.length + 8)
  out.varint(bytes.length)
  out.copy(bytes, 0, bytes.length)
  return out.written
}

function jsonText(value: unknown): string {
  if (value instanceof Uint8Array) return decoder.decode(value).replace(/[\r\n]/g, ' ')
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${members.map(([name, member]) => `"${snakeCase(name)}":${jsonText(member)}`).join(',')}}`
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
