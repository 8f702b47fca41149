import { type DescMessage, fromBinary, fromJson, type JsonValue, type MessageShape } from '@bufbuild/protobuf'
import { WeirError } from '@weir/proto'
import { binaryWithoutFaults } from './binary-faults.ts'
import { jsonWithoutFaults } from './json-faults.ts'
import type { MessageTree, RecordFaults } from './message-tree.ts'

/** A request that holds records, as a message of Protobuf. */
export interface RequestMessage<D extends DescMessage> {
  readonly message: MessageShape<D>
  /** A record with a fault is empty in the message. */
  readonly faults: RecordFaults
}

/**
 * The request in Protobuf. A record that cannot be decoded is a fault of its own. Throws
 * `malformed`.
 */
export function requestFromBinary<D extends DescMessage>(
  tree: MessageTree & { readonly schema: D },
  body: Uint8Array,
): RequestMessage<D> {
  const { schema } = tree
  try {
    return { message: fromBinary(schema, body, binaryOptions), faults: noFaults }
  } catch (cause) {
    const { value, faults } = binaryWithoutFaults(body, tree)
    return { message: decoded(schema, 'Protobuf', cause, () => fromBinary(schema, value, binaryOptions)), faults }
  }
}

/**
 * The request in JSON, which it changes. A record that cannot be decoded is a fault of its own.
 * Throws `malformed`.
 */
export function requestFromJson<D extends DescMessage>(
  tree: MessageTree & { readonly schema: D },
  value: unknown,
): RequestMessage<D> {
  const { schema } = tree
  const json = value as JsonValue
  try {
    return { message: fromJson(schema, json, jsonOptions), faults: noFaults }
  } catch (cause) {
    const faults = jsonWithoutFaults(json, tree)
    return { message: decoded(schema, 'JSON', cause, () => fromJson(schema, json, jsonOptions)), faults }
  }
}

function decoded<T>(schema: DescMessage, form: string, fault: unknown, decode: () => T): T {
  try {
    return decode()
  } catch {
    const reason = fault instanceof Error ? fault.message.slice(0, 256) : ''
    throw new WeirError('malformed', `The body is not the ${schema.name} in ${form}: ${reason}`, { cause: fault })
  }
}

const binaryOptions = { readUnknownFields: false }
const jsonOptions = { ignoreUnknownFields: true }
const noFaults: RecordFaults = new Map()
