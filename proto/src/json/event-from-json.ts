import type { Timestamp } from '@bufbuild/protobuf/wkt'
import { WeirError } from '../error.ts'
import { isNestedDeeper } from '../event/json-depth.ts'
import { timestampFromNumber, timestampFromText } from '../event/timestamp.ts'
import type { Alert, Binary, Event, Reading, StateChange, Step } from '../gen/weir/v1/event_pb.js'
import { limits } from '../limits.ts'
import { alertStatusValues, severityValues, stepStatusValues } from '../wire/enum-values.ts'
import {
  enumNames,
  expected,
  type JsonObject,
  joinPath,
  readBytes,
  readEnum,
  readInt32,
  readIntegerMap,
  readNumberMap,
  readObject,
  readString,
  readStringMap,
  readUint32,
  unknownField,
} from './json-reader.ts'
import { memberTexts, textAt } from './json-slice.ts'
import type { JsonSource } from './json-source.ts'

// On ingest's path: one flat switch a message, no schema library; maps are checked in place and not
// copied, so the value that was given belongs to the event afterwards.

/**
 * An Event from its JSON form. With its source, `data` is what is written there, and a time has all
 * its digits; without, `data` is what JSON.stringify writes. Throws `malformed` with the path of
 * what is wrong; the rules of event.proto are not checked here.
 */
export function eventFromJson(value: unknown, source?: JsonSource): Event {
  return readEvent(readObject(value, 'event'), undefined, source)
}

/**
 * A producer's item: an event in its JSON form with a `subject` among its fields, whose syntax is
 * not checked here. With its source, integers of a reading are exact as well.
 */
export function itemFromJson(value: unknown, source?: JsonSource): { subject: string; event: Event } {
  const object = readObject(value, 'item')
  const { subject } = object
  if (typeof subject !== 'string') throw expected('a string', subject, 'subject')
  longNumbers.found = false
  const event = readEvent(object, 'subject', source)
  if (longNumbers.found && source !== undefined && event.data.case === 'reading') {
    addExactIntegers(event.data.value, source)
  }
  return { subject, event }
}

/**
 * A value with its text as the data of an event. Throws `malformed` where it is nested too deep.
 */
export function dataFromJson(value: unknown, text: string): EventData {
  if (isNestedDeeper(value, limits.jsonDepthMax)) {
    throw new WeirError('malformed', `data: the JSON is nested deeper than ${limits.jsonDepthMax} levels.`)
  }
  return { case: 'json', value: text }
}

type EventData = Event['data']

function readEvent(object: JsonObject, skip: 'subject' | undefined, source: JsonSource | undefined): Event {
  const event: Event = {
    $typeName: 'weir.v1.Event',
    id: '',
    type: '',
    source: '',
    labels: {},
    traceparent: '',
    data: { case: undefined },
  }
  for (const key of Object.keys(object)) {
    const value = object[key]
    switch (key) {
      case 'id':
        event.id = readString(value, key)
        break
      case 'type':
        event.type = readString(value, key)
        break
      case 'source':
        event.source = readString(value, key)
        break
      case 'time':
        if (!isNothing(value)) event.time = readTime(exactNumber(value, source, key), key)
        break
      case 'labels':
        event.labels = readStringMap(value, key)
        break
      case 'traceparent':
        event.traceparent = readString(value, key)
        break
      default: {
        if (key === skip) break
        const data = readData(key, value, source)
        if (data === undefined) break
        if (event.data.case !== undefined) {
          throw new WeirError('malformed', `${key}: the event has data of another kind already; give one kind at most.`)
        }
        event.data = data
      }
    }
  }
  return event
}

/** Undefined for null, which is no data, except under `data`, where it is JSON's null. */
function readData(key: string, value: unknown, source: JsonSource | undefined): EventData | undefined {
  if (key === 'data') {
    if (value === undefined) return undefined
    return dataFromJson(value, source?.member(key) ?? JSON.stringify(value))
  }
  const empty = isNothing(value)
  switch (key) {
    case 'reading':
      return empty ? undefined : { case: 'reading', value: readReading(readObject(value, key)) }
    case 'stateChange':
      return empty ? undefined : { case: 'stateChange', value: readStateChange(readObject(value, key)) }
    case 'alert':
      return empty ? undefined : { case: 'alert', value: readAlert(readObject(value, key)) }
    case 'step':
      return empty ? undefined : { case: 'step', value: readStep(readObject(value, key)) }
    case 'binary':
      return empty ? undefined : { case: 'binary', value: readBinary(readObject(value, key)) }
    case 'any':
      return empty ? undefined : { case: 'any', value: readAny(readObject(value, key)) }
    default:
      throw unknownField('', key)
  }
}

function readReading(object: JsonObject): Reading {
  const reading: Reading = { $typeName: 'weir.v1.Reading', metrics: {}, units: {}, times: {}, integers: {} }
  for (const key of Object.keys(object)) {
    const value = object[key]
    if (key === 'metrics') reading.metrics = readNumberMap(value, 'reading.metrics', longNumbers)
    else if (key === 'integers') reading.integers = readIntegerMap(value, 'reading.integers')
    else if (key === 'units') reading.units = readStringMap(value, 'reading.units')
    else if (key === 'times') reading.times = readTimes(value)
    else throw unknownField('reading', key)
  }
  if (object.integers !== undefined) addDoubles(reading)
  return reading
}

/** An integer alone has its double as well. */
function addDoubles({ metrics, integers }: Reading): void {
  for (const name in integers) {
    // Defined, not assigned, so a metric may be called `__proto__`.
    if (!Object.hasOwn(metrics, name)) define(metrics, name, Number(integers[name]))
  }
}

/**
 * Keeps beside the doubles what a producer has written as an integer that they cannot hold. Not of
 * an event that was written here: its integers are there, and its doubles have the shortest digits
 * that tell them apart.
 */
function addExactIntegers(reading: Reading, source: JsonSource): void {
  const { metrics, integers } = reading
  let texts: ReadonlyMap<string, string> | undefined
  for (const name in metrics) {
    const value = metrics[name] as number
    if (Number.isSafeInteger(value) || !Number.isInteger(value)) continue
    texts ??= memberTexts(textAt(source.member('reading') ?? '{}', ['metrics']) ?? '{}')
    const written = texts.get(name) ?? ''
    if (!/^-?\d{1,20}$/.test(written) || Object.hasOwn(integers, name)) continue
    const exact = BigInt(written)
    if (exact !== BigInt(value) && BigInt.asIntN(64, exact) === exact) define(integers, name, exact)
  }
}

/**
 * Whether the last item has a metric past 2^53: a look at each costs less than a second pass over
 * all.
 */
const longNumbers = { found: false }

function define<T>(map: { [name: string]: T }, name: string, value: T): void {
  Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true })
}

/** The value, or its text where it is a number of which JSON.parse may have lost digits. */
function exactNumber(value: unknown, source: JsonSource | undefined, key: string): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value
  return source.member(key) ?? value
}

function readStateChange(object: JsonObject): StateChange {
  const change: StateChange = {
    $typeName: 'weir.v1.StateChange',
    category: '',
    entity: '',
    from: '',
    to: '',
    code: 0,
    name: '',
  }
  for (const key of Object.keys(object)) {
    const value = object[key]
    switch (key) {
      case 'category':
        change.category = readString(value, 'stateChange.category')
        break
      case 'entity':
        change.entity = readString(value, 'stateChange.entity')
        break
      case 'from':
        change.from = readString(value, 'stateChange.from')
        break
      case 'to':
        change.to = readString(value, 'stateChange.to')
        break
      case 'code':
        change.code = readInt32(value, 'stateChange.code')
        break
      case 'name':
        change.name = readString(value, 'stateChange.name')
        break
      default:
        throw unknownField('stateChange', key)
    }
  }
  return change
}

function readAlert(object: JsonObject): Alert {
  const alert: Alert = {
    $typeName: 'weir.v1.Alert',
    rule: '',
    severity: 0,
    status: 0,
    message: '',
    key: '',
    by: '',
  }
  for (const key of Object.keys(object)) {
    const value = object[key]
    switch (key) {
      case 'rule':
        alert.rule = readString(value, 'alert.rule')
        break
      case 'severity':
        alert.severity = readEnum(value, 'alert.severity', severities)
        break
      case 'status':
        alert.status = readEnum(value, 'alert.status', alertStatuses)
        break
      case 'message':
        alert.message = readString(value, 'alert.message')
        break
      case 'key':
        alert.key = readString(value, 'alert.key')
        break
      case 'since':
        if (!isNothing(value)) alert.since = readTime(value, 'alert.since')
        break
      case 'by':
        alert.by = readString(value, 'alert.by')
        break
      default:
        throw unknownField('alert', key)
    }
  }
  return alert
}

function readStep(object: JsonObject): Step {
  const step: Step = { $typeName: 'weir.v1.Step', pipeline: '', name: '', status: 0, message: '', index: 0 }
  for (const key of Object.keys(object)) {
    const value = object[key]
    switch (key) {
      case 'pipeline':
        step.pipeline = readString(value, 'step.pipeline')
        break
      case 'name':
        step.name = readString(value, 'step.name')
        break
      case 'status':
        step.status = readEnum(value, 'step.status', stepStatuses)
        break
      case 'message':
        step.message = readString(value, 'step.message')
        break
      case 'index':
        step.index = readUint32(value, 'step.index')
        break
      default:
        throw unknownField('step', key)
    }
  }
  return step
}

function readBinary(object: JsonObject): Binary {
  const binary: Binary = { $typeName: 'weir.v1.Binary', contentType: '', data: new Uint8Array(0) }
  for (const key of Object.keys(object)) {
    const value = object[key]
    if (key === 'contentType') binary.contentType = readString(value, 'binary.contentType')
    else if (key === 'data') binary.data = readBytes(value, 'binary.data')
    else throw unknownField('binary', key)
  }
  return binary
}

function readAny(object: JsonObject): Extract<EventData, { case: 'any' }>['value'] {
  let typeUrl = ''
  let bytes = new Uint8Array(0)
  for (const key of Object.keys(object)) {
    const value = object[key]
    if (key === 'typeUrl') typeUrl = readString(value, 'any.typeUrl')
    else if (key === 'value') bytes = new Uint8Array(readBytes(value, 'any.value'))
    else throw unknownField('any', key)
  }
  return { $typeName: 'google.protobuf.Any', typeUrl, value: bytes }
}

function readTimes(value: unknown): Reading['times'] {
  const entries = Object.entries(readObject(value ?? {}, 'reading.times'))
  // fromEntries defines and does not assign, so a metric may be called `__proto__`.
  return Object.fromEntries(entries.map(([key, time]) => [key, readTime(time, joinPath('reading.times', key))]))
}

const severities = enumNames(severityValues, 'SEVERITY_')
const alertStatuses = enumNames(alertStatusValues, 'STATUS_')
const stepStatuses = enumNames(stepStatusValues, 'STATUS_')

/** RFC 3339, or a number since the Unix epoch, as timestampFromNumber has it. */
function readTime(value: unknown, path: string): Timestamp {
  let time: Timestamp | undefined
  if (typeof value === 'string') time = timestampFromText(value)
  else if (typeof value === 'number') time = timestampFromNumber(value)
  else throw expected('an RFC 3339 time or a number since 1970', value, path)
  if (time !== undefined) return time
  throw new WeirError(
    'malformed',
    `${path}: a time is written as 2026-01-31T12:00:00Z (RFC 3339), or as a number of s, ms, us or ns since 1970, within the years 1 to 9999.`,
  )
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined
}
