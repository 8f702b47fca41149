import { base64Encode } from '@bufbuild/protobuf/wire'
import { WeirError } from '@weir/proto'
import type { AnyValue, KeyValue } from '../../gen/opentelemetry/proto/common/v1/common_pb.js'
import { ingestLimits } from '../../limits.ts'

/** An attribute as a label has it: text as it is, everything else in JSON, bytes in base64. */
export function attributeText(value: AnyValue | undefined): string {
  const held = value?.value
  switch (held?.case) {
    case 'stringValue':
      return held.value
    case undefined:
      return ''
    case 'boolValue':
    case 'intValue':
    case 'doubleValue':
      return String(held.value)
    default: {
      const plain = anyValueToJson(value, 0)
      return typeof plain === 'string' ? plain : JSON.stringify(plain)
    }
  }
}

/**
 * An AnyValue as a JSON value. Integers that a double cannot hold exactly are text. Throws
 * `invalid` when it is nested too deep.
 */
export function anyValueToJson(value: AnyValue | undefined, depth: number): unknown {
  checkDepth(depth)
  const held = value?.value
  switch (held?.case) {
    case undefined:
      return null
    case 'stringValue':
    case 'boolValue':
      return held.value
    case 'doubleValue':
      return Number.isFinite(held.value) ? held.value : String(held.value)
    case 'intValue': {
      const number = Number(held.value)
      return Number.isSafeInteger(number) ? number : String(held.value)
    }
    case 'bytesValue':
      return base64Encode(held.value)
    case 'arrayValue':
      return held.value.values.map((item) => anyValueToJson(item, depth + 1))
    case 'kvlistValue':
      return keyValuesToJson(held.value.values, depth + 1)
  }
}

/** A key that comes twice keeps its last value; `__proto__` is a key like any other. */
export function keyValuesToJson(pairs: readonly KeyValue[], depth: number): Record<string, unknown> {
  const object: Record<string, unknown> = Object.create(null)
  for (const { key, value } of pairs) object[key] = anyValueToJson(value, depth)
  return object
}

/**
 * A text that is the same for two sets of attributes exactly when they are the same to
 * OpenTelemetry: the same keys with values of the same type and content, in any order. Throws
 * `invalid` when one is nested too deep.
 */
export function attributesIdentity(pairs: readonly KeyValue[], depth = 0): string {
  if (pairs.length < 2) return attributesInOrder(pairs, depth)
  const byKey = new Map<string, KeyValue>()
  for (const pair of pairs) byKey.set(pair.key, pair)
  let identity = ''
  for (const key of [...byKey.keys()].sort()) identity += pairIdentity(byKey.get(key) as KeyValue, depth)
  return identity
}

/** The same for attributes in the order in which they come: two texts may stand for one set. */
export function attributesInOrder(pairs: readonly KeyValue[], depth = 0): string {
  let identity = ''
  for (const pair of pairs) identity += pairIdentity(pair, depth)
  return identity
}

/** With lengths before texts, so that no text can pass for two. */
function pairIdentity({ key, value }: KeyValue, depth: number): string {
  return `${key.length}:${key}${valueIdentity(value, depth)}`
}

function valueIdentity(value: AnyValue | undefined, depth: number): string {
  checkDepth(depth)
  const held = value?.value
  switch (held?.case) {
    case undefined:
      return 'n'
    case 'stringValue':
      return `s${held.value.length}:${held.value}`
    case 'boolValue':
      return held.value ? 'T' : 'F'
    case 'intValue':
      return `i${held.value};`
    case 'doubleValue':
      return `d${held.value};`
    case 'bytesValue':
      return `y${base64Encode(held.value)};`
    case 'arrayValue':
      return `[${held.value.values.map((item) => valueIdentity(item, depth + 1)).join('')}]`
    case 'kvlistValue':
      return `{${attributesIdentity(held.value.values, depth + 1)}}`
  }
}

function checkDepth(depth: number): void {
  if (depth > ingestLimits.otlpValueDepthMax) {
    throw new WeirError('invalid', `A value is nested deeper than ${ingestLimits.otlpValueDepthMax} levels.`)
  }
}
