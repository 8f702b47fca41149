import type { JsonValue } from '@bufbuild/protobuf'
import { base64Encode } from '@bufbuild/protobuf/wire'
import { formatTimestamp } from '../event/timestamp.ts'
import type { Alert, Event, Reading } from '../gen/weir/v1/event_pb.js'
import { alertStatusValues, enumName, severityValues, stepStatusValues } from '../wire/enum-values.ts'

/**
 * An Event in JSON: its proto3 JSON form in lowerCamelCase, except that the value of `json` stands
 * inline under `data`, that enum values lose their prefix, and that `any` is `{typeUrl, value}`. At
 * most one of the kinds of data is there.
 */
export interface EventJson {
  id?: string
  type?: string
  source?: string
  /** RFC 3339. */
  time?: string
  labels?: { [key: string]: string }
  traceparent?: string
  reading?: {
    metrics?: { [key: string]: number | string }
    units?: { [key: string]: string }
    /** RFC 3339. */
    times?: { [key: string]: string }
    /** Decimal text. */
    integers?: { [key: string]: string }
  }
  stateChange?: { category?: string; entity?: string; from?: string; to?: string; code?: number; name?: string }
  alert?: {
    rule?: string
    severity?: string | number
    status?: string | number
    message?: string
    key?: string
    /** RFC 3339. */
    since?: string
    by?: string
  }
  step?: { pipeline?: string; name?: string; status?: string | number; message?: string; index?: number }
  data?: JsonValue
  binary?: { contentType?: string /** Base64. */; data?: string }
  any?: { typeUrl?: string /** Base64. */; value?: string }
}

/**
 * Never throws: a time that RFC 3339 cannot write is left out, an unknown enum value is its number,
 * and `json` text that is no JSON becomes a JSON string. The result shares its maps with the event.
 */
export function eventToJson(event: Event): EventJson {
  const json: EventJson = {}
  if (event.id !== '') json.id = event.id
  if (event.type !== '') json.type = event.type
  if (event.source !== '') json.source = event.source
  if (event.time !== undefined) {
    const time = formatTimestamp(event.time)
    if (time !== undefined) json.time = time
  }
  if (!isEmpty(event.labels)) json.labels = event.labels
  if (event.traceparent !== '') json.traceparent = event.traceparent
  const { data } = event
  switch (data.case) {
    case 'reading':
      json.reading = readingToJson(data.value)
      break
    case 'stateChange': {
      const { category, entity, from, to, code, name } = data.value
      const change: EventJson['stateChange'] = {}
      if (category !== '') change.category = category
      if (entity !== '') change.entity = entity
      if (from !== '') change.from = from
      if (to !== '') change.to = to
      if (code !== 0) change.code = code
      if (name !== '') change.name = name
      json.stateChange = change
      break
    }
    case 'alert':
      json.alert = alertToJson(data.value)
      break
    case 'step': {
      const { pipeline, name, status, message, index } = data.value
      const step: EventJson['step'] = {}
      if (pipeline !== '') step.pipeline = pipeline
      if (name !== '') step.name = name
      if (status !== 0) step.status = enumName(stepStatusValues, status)
      if (message !== '') step.message = message
      if (index !== 0) step.index = index
      json.step = step
      break
    }
    case 'json':
      json.data = jsonValue(data.value)
      break
    case 'binary': {
      const binary: EventJson['binary'] = {}
      if (data.value.contentType !== '') binary.contentType = data.value.contentType
      if (data.value.data.length !== 0) binary.data = base64Encode(data.value.data)
      json.binary = binary
      break
    }
    case 'any': {
      const any: EventJson['any'] = {}
      if (data.value.typeUrl !== '') any.typeUrl = data.value.typeUrl
      if (data.value.value.length !== 0) any.value = base64Encode(data.value.value)
      json.any = any
      break
    }
  }
  return json
}

function readingToJson(reading: Reading): NonNullable<EventJson['reading']> {
  const json: EventJson['reading'] = {}
  if (!isEmpty(reading.metrics)) json.metrics = finiteOrNamed(reading.metrics)
  if (!isEmpty(reading.units)) json.units = reading.units
  if (!isEmpty(reading.times)) json.times = timesToJson(reading.times)
  if (!isEmpty(reading.integers)) json.integers = integersToJson(reading.integers)
  return json
}

function integersToJson(integers: Reading['integers']): { [key: string]: string } {
  return Object.fromEntries(Object.entries(integers).map(([name, value]) => [name, String(value)]))
}

function timesToJson(times: Reading['times']): { [key: string]: string } {
  return Object.fromEntries(
    Object.entries(times).flatMap(([key, time]) => {
      const text = formatTimestamp(time)
      return text === undefined ? [] : [[key, text]]
    }),
  )
}

function alertToJson(alert: Alert): NonNullable<EventJson['alert']> {
  const json: EventJson['alert'] = {}
  if (alert.rule !== '') json.rule = alert.rule
  if (alert.severity !== 0) json.severity = enumName(severityValues, alert.severity)
  if (alert.status !== 0) json.status = enumName(alertStatusValues, alert.status)
  if (alert.message !== '') json.message = alert.message
  if (alert.key !== '') json.key = alert.key
  if (alert.since !== undefined) {
    const since = formatTimestamp(alert.since)
    if (since !== undefined) json.since = since
  }
  if (alert.by !== '') json.by = alert.by
  return json
}

/**
 * The same map, or a copy in which "NaN", "Infinity" and "-Infinity" stand for what JSON cannot
 * write.
 */
function finiteOrNamed(metrics: { [key: string]: number }): { [key: string]: number | string } {
  for (const key in metrics) {
    if (!Number.isFinite(metrics[key])) {
      return Object.fromEntries(
        Object.entries(metrics).map(([name, value]) => [name, Number.isFinite(value) ? value : String(value)]),
      )
    }
  }
  return metrics
}

/** What JSON.parse gives of an event's data; the text itself where it is no JSON. */
export function jsonValue(text: string): JsonValue {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function isEmpty(map: object): boolean {
  for (const _ in map) return false
  return true
}
