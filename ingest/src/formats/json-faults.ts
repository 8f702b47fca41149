import { fromJson, type JsonObject, type JsonValue } from '@bufbuild/protobuf'
import type { MessageTree, RecordFaults } from './message-tree.ts'

/**
 * Empties, in place, the messages of a tree that cannot be decoded, and all records in them; says
 * what is wrong with each record. Slow: for requests that cannot be decoded as a whole.
 */
export function jsonWithoutFaults(value: JsonValue, tree: MessageTree): RecordFaults {
  const faults = new Map<number, string>()
  let records = 0
  const visit = (value: JsonValue, { schema, fields }: MessageTree, outer: string | undefined): void => {
    const place = fields === undefined ? records++ : -1
    if (!isObject(value)) return
    const own = Object.fromEntries(Object.entries(value).filter(([name]) => fields?.[name] === undefined))
    const fault = outer ?? faultOf(() => fromJson(schema, own, { ignoreUnknownFields: true }))
    if (fault !== undefined) for (const name in own) delete value[name]
    if (fault !== undefined && place >= 0) faults.set(place, fault)
    for (const name in fields) {
      const inner = value[name]
      const tree = fields[name]
      if (inner === undefined || tree === undefined) continue
      for (const each of Array.isArray(inner) ? inner : [inner]) visit(each, tree, fault)
    }
  }
  visit(value, tree, undefined)
  return faults
}

/** What decoding throws, without a stack; undefined when it throws nothing. */
export function faultOf(decode: () => unknown): string | undefined {
  try {
    decode()
    return undefined
  } catch (cause) {
    return cause instanceof Error ? cause.message.slice(0, 256) : 'cannot be decoded'
  }
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
