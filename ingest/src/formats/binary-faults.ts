import { fromBinary } from '@bufbuild/protobuf'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { faultOf } from './json-faults.ts'
import type { MessageTree, RecordFaults } from './message-tree.ts'
import { WireReader } from './wire-reader.ts'

/**
 * The encoded message with those messages of its tree empty that cannot be decoded, and all records
 * in them; and what is wrong with each record. Slow: for requests that cannot be decoded as a
 * whole. Throws `malformed` where lengths do not fit.
 */
export function binaryWithoutFaults(
  bytes: Uint8Array,
  tree: MessageTree,
): { readonly value: Uint8Array; readonly faults: RecordFaults } {
  const faults = new Map<number, string>()
  let records = 0
  const visit = (bytes: Uint8Array, { schema, fields }: MessageTree, outer: string | undefined): Uint8Array => {
    if (fields === undefined) {
      const place = records++
      const fault = outer ?? faultOf(() => fromBinary(schema, bytes))
      if (fault === undefined) return bytes
      faults.set(place, fault)
      return nothing
    }
    const inner: [number: number, tree: MessageTree, bytes: Uint8Array][] = []
    const own = new BinaryWriter()
    const reader = new WireReader(bytes)
    while (reader.at < bytes.length) {
      const start = reader.at
      const tag = reader.varint()
      const number = Math.floor(tag / 8)
      const name = schema.fields.find((field) => field.number === number)?.jsonName
      const tree = name === undefined || tag % 8 !== WireType.LengthDelimited ? undefined : fields[name]
      if (tree === undefined) {
        reader.skip(tag)
        own.raw(bytes.subarray(start, reader.at))
        continue
      }
      const end = reader.end()
      inner.push([number, tree, bytes.subarray(reader.at, end)])
      reader.at = end
    }
    const ownBytes = own.finish()
    const fault = outer ?? faultOf(() => fromBinary(schema, ownBytes))
    const all = new BinaryWriter().raw(fault === undefined ? ownBytes : nothing)
    for (const [number, tree, bytes] of inner) {
      all.tag(number, WireType.LengthDelimited).bytes(visit(bytes, tree, fault))
    }
    return all.finish()
  }
  return { value: visit(bytes, tree, undefined), faults }
}

const nothing = new Uint8Array(0)
