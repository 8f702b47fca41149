import {
  type Alert,
  Alert_Severity,
  Alert_Status,
  type Event,
  type Reading,
  Step_Status,
} from '../gen/weir/v1/event_pb.js'
import { limits } from '../limits.ts'
import { isNestedDeeper } from './json-depth.ts'
import { jsonFault } from './json-fault.ts'
import { isTimestamp } from './timestamp.ts'

// The rules of event.proto by hand, as protovalidate itself would take more than a tenth of
// ingest's path. It is the oracle of the property test beside this file. Texts are measured in
// bytes of UTF-8.

/**
 * What is wrong with an event; undefined when nothing is. Beside the rules of event.proto it asks
 * what they cannot say: that times lie within the years 1 to 9999, that integers are those of their
 * metrics, and that `json` is JSON, which costs a parse.
 */
export function validateEvent(event: Event): string | undefined {
  const fault = validateFields(event)
  if (fault !== undefined) return fault
  return event.data.case === 'json' ? jsonDataFault(event.data.value) : undefined
}

/**
 * As validateEvent, without the parse of `json`: for an event that eventFromJson gave, which wrote
 * that text itself. `labelsAreChecked` says that the labels have passed before, as those of a
 * series that comes over and over.
 */
export function validateFields(event: Event, labelsAreChecked = false): string | undefined {
  return (
    text('id', event.id, 0, 128) ??
    text('type', event.type, 0, 256) ??
    text('source', event.source, 0, 1024) ??
    time('time', event.time) ??
    (labelsAreChecked ? undefined : texts('labels', event.labels, 64, 1, 128, 2048)) ??
    (event.traceparent === '' || isTraceparent(event.traceparent)
      ? undefined
      : 'traceparent: give it as W3C Trace Context has it, 00-<32 hex>-<16 hex>-<2 hex> in lower case.') ??
    dataFault(event.data)
  )
}

function dataFault(data: Event['data']): string | undefined {
  switch (data.case) {
    case 'reading':
      return (
        metrics(data.value.metrics) ??
        texts('reading.units', data.value.units, 256, 0, undefined, 64) ??
        times('reading.times', data.value.times, 256) ??
        integers(data.value)
      )
    case 'stateChange': {
      const { category, entity, from, to, name } = data.value
      return (
        text('stateChange.category', category, 0, 128) ??
        text('stateChange.entity', entity, 1, 256) ??
        text('stateChange.from', from, 0, 128) ??
        text('stateChange.to', to, 1, 128) ??
        text('stateChange.name', name, 0, 256)
      )
    }
    case 'alert':
      return alertFault(data.value)
    case 'step': {
      const { pipeline, name, status, message } = data.value
      return (
        text('step.pipeline', pipeline, 0, 256) ??
        text('step.name', name, 1, 256) ??
        known('step.status', status, Step_Status) ??
        text('step.message', message, 0, 4096)
      )
    }
    case 'binary':
      return text('binary.contentType', data.value.contentType, 0, 256)
    case 'json':
    case 'any':
    case undefined:
      return undefined
  }
}

function alertFault(alert: Alert): string | undefined {
  return (
    text('alert.rule', alert.rule, 1, 128) ??
    known('alert.severity', alert.severity, Alert_Severity) ??
    known('alert.status', alert.status, Alert_Status) ??
    text('alert.message', alert.message, 0, 4096) ??
    text('alert.key', alert.key, 0, 255) ??
    time('alert.since', alert.since) ??
    text('alert.by', alert.by, 0, 256)
  )
}

function metrics(map: { readonly [key: string]: number }): string | undefined {
  let pairs = 0
  for (const key in map) {
    pairs++
    const fault = text('reading.metrics: a name', key, 1, 128)
    if (fault !== undefined) return fault
    if (!Number.isFinite(map[key])) return `reading.metrics.${key}: ${map[key]} is not a finite number.`
  }
  if (pairs === 0) return 'reading.metrics: at least one metric is needed.'
  return pairs > 256 ? `reading.metrics: ${pairs} pairs are more than 256.` : undefined
}

function texts(
  path: string,
  map: { readonly [key: string]: string },
  pairsMax: number,
  keyBytesMin: number,
  keyBytesMax: number | undefined,
  valueBytesMax: number,
): string | undefined {
  let pairs = 0
  for (const key in map) {
    pairs++
    if (keyBytesMax !== undefined) {
      const fault = text(`${path}: a name`, key, keyBytesMin, keyBytesMax)
      if (fault !== undefined) return fault
    }
    const value = map[key] ?? ''
    if (value.length * 3 > valueBytesMax) {
      const fault = text(`${path}.${key}`, value, 0, valueBytesMax)
      if (fault !== undefined) return fault
    }
  }
  return tooMany(path, pairs, pairsMax)
}

function times(path: string, map: Reading['times'], pairsMax: number): string | undefined {
  let pairs = 0
  for (const key in map) {
    pairs++
    const fault = time(`${path}.${key}`, map[key])
    if (fault !== undefined) return fault
  }
  return tooMany(path, pairs, pairsMax)
}

/** What event.proto cannot say: each stands beside its double. */
function integers({ integers, metrics }: Reading): string | undefined {
  let pairs = 0
  for (const key in integers) {
    pairs++
    if (!Object.hasOwn(metrics, key) || Number(integers[key]) !== metrics[key]) {
      return `reading.integers.${key}: ${integers[key]} is not what reading.metrics has under this name.`
    }
  }
  return tooMany('reading.integers', pairs, 256)
}

function tooMany(path: string, pairs: number, pairsMax: number): string | undefined {
  return pairs > pairsMax ? `${path}: ${pairs} pairs are more than ${pairsMax}.` : undefined
}

function text(path: string, value: string, bytesMin: number, bytesMax: number): string | undefined {
  const { length } = value
  if (length < bytesMin) return `${path}: must not be empty.`
  // A UTF-16 unit takes at most three bytes of UTF-8, so most texts need no count.
  if (length * 3 <= bytesMax) return undefined
  const bytes = utf8Bytes(value)
  return bytes > bytesMax ? `${path}: ${bytes} bytes are more than ${bytesMax}.` : undefined
}

function known(path: string, value: number, values: Readonly<Record<number, string>>): string | undefined {
  return values[value] === undefined ? `${path}: ${value} is not a value of this enum.` : undefined
}

function time(path: string, value: Event['time']): string | undefined {
  return value === undefined || isTimestamp(value) ? undefined : `${path}: must lie within the years 1 to 9999.`
}

function isTraceparent(value: string): boolean {
  if (value.length !== 55) return false
  for (let at = 0; at < 55; at++) {
    const code = value.charCodeAt(at)
    if (at === 2 || at === 35 || at === 52) {
      if (code !== 0x2d) return false
    } else if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) {
      return false
    }
  }
  return true
}

function utf8Bytes(value: string): number {
  let bytes = value.length
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at)
    if (code < 0x80) continue
    bytes += code < 0x800 ? 1 : 2
    // A surrogate pair is two units and four bytes: the two that its first unit adds are all.
    if (code >= 0xd800 && code <= 0xdbff && (value.charCodeAt(at + 1) & 0xfc00) === 0xdc00) at++
  }
  return bytes
}

function jsonDataFault(value: string): string | undefined {
  try {
    return isNestedDeeper(JSON.parse(value), limits.jsonDepthMax)
      ? `json: is nested deeper than ${limits.jsonDepthMax} levels.`
      : undefined
  } catch {
    return `json: is not the text of one JSON value (RFC 8259): ${jsonFault(value)}.`
  }
}
