// Budget: 0.3 us for a reading of one metric, a third of what `seal` takes for the same event
// (bench/src/ingest.bench.ts).

import { create } from '@bufbuild/protobuf'
import { EventSchema, limits, type Reading, validateFields } from '@weir/proto'
import { ingestLimits } from '../limits.ts'
import { scratch, tooLarge, view, writeString, writeTime } from './event-bytes.ts'
import { encodeEvent } from './event-encoder.ts'
import type { LabelledSeries } from './labelled-series.ts'
import type { IngestRecord } from './record.ts'
import { aheadFault, type Defaults, rejection, tooManyBytes } from './seal.ts'

/** What one event of a series says. */
export interface SeriesReading {
  /** Of ASCII. */
  readonly id: string
  /** Since 1970. */
  readonly seconds: number
  readonly nanos: number
  /** The names of its metrics, and their values in the same order. */
  readonly names: readonly string[]
  readonly values: readonly number[]
  /** Of the first of them; '' for none. */
  readonly unit: string
}

/** A series whose events have one type and one source. */
export interface ReadingSeries extends LabelledSeries {
  /** Both as the fields of an Event; undefined where they break its rules. */
  readonly encodedOrigin: Uint8Array | undefined
}

export function readingSeries(series: LabelledSeries, type: string, source: string): ReadingSeries {
  const event = create(EventSchema, { type, source })
  const isValid = validateFields(event) === undefined && source.isWellFormed()
  return { ...series, encodedOrigin: isValid ? encodeEvent(event) : undefined }
}

/**
 * Encodes one reading of doubles to the same bytes as `seal` gives of the whole event, without
 * making that event. Undefined for one that `seal` has to look at, because it breaks a rule or
 * because it is rare.
 */
export function sealReading(
  index: number,
  { subject, encodedLabels, encodedOrigin }: ReadingSeries,
  { id, seconds, nanos, names, values, unit }: SeriesReading,
  defaults: Defaults,
): IngestRecord | undefined {
  if (encodedLabels === undefined || encodedOrigin === undefined) return undefined
  if (!(seconds >= 0 && seconds <= SECONDS_MAX) || id === '' || id.length > ID_BYTES_MAX) return undefined
  for (let at = 0; at < values.length; at++) if (!Number.isFinite(values[at])) return undefined
  const shape = shapeOf(names, unit)
  if (shape === undefined) return undefined
  if (seconds > defaults.lastSecond) return { index, code: 'invalid', message: aheadFault(defaults) }
  if (defaults.eventsBytes > ingestLimits.eventsBytesMax) return { index, code: 'too_large', message: tooManyBytes }
  let at = writeString(0, 0x0a, id)
  scratch.set(encodedOrigin, at)
  at = writeTime(at + encodedOrigin.length, seconds, nanos)
  scratch.set(encodedLabels, at)
  at += encodedLabels.length
  scratch.set(shape.bytes, at)
  const { valuesAt } = shape
  for (let each = 0; each < valuesAt.length; each++) {
    view.setFloat64(at + (valuesAt[each] as number), values[each] as number, true)
  }
  at += shape.bytes.length
  if (at > EVENT_BYTES_MAX) return rejection(index, tooLarge())
  defaults.eventsBytes += at
  return { index, subject, id, event: scratch.slice(0, at) }
}

/** A reading with these metrics, encoded, with room for their values. */
interface Shape {
  readonly names: readonly string[]
  readonly unit: string
  /** The field `reading` of an Event. */
  readonly bytes: Uint8Array
  /** Where in it the values stand, in the order of the names. */
  readonly valuesAt: readonly number[]
}

/** Undefined for metrics that are not a valid reading, or whose order an object does not keep. */
function shapeOf(names: readonly string[], unit: string): Shape | undefined {
  if (isShape(last, names, unit)) return last
  const key = `${unit}\n${names.join('\n')}`
  const known = shapes.get(key)
  // A name may have a line break itself.
  const shape = known !== undefined && isShape(known, names, unit) ? known : makeShape(names, unit)
  if (shape === undefined) return undefined
  if (shape !== known) {
    if (shapes.size >= ingestLimits.readingShapesMax) shapes.clear()
    shapes.set(key, shape)
  }
  last = shape
  return shape
}

/** Events of one shape often follow each other. */
let last: Shape | undefined
const shapes = new Map<string, Shape>()

function isShape(shape: Shape | undefined, names: readonly string[], unit: string): shape is Shape {
  if (shape === undefined || shape.unit !== unit || shape.names.length !== names.length) return false
  if (shape.names === names) return true
  for (let at = 0; at < names.length; at++) if (shape.names[at] !== names[at]) return false
  return true
}

function makeShape(names: readonly string[], unit: string): Shape | undefined {
  const [first = ''] = names
  if (names.length > ingestLimits.readingShapeMetricsMax) return undefined
  const metrics: Reading['metrics'] = {}
  for (const name of names) metrics[name] = 0
  const kept = Object.keys(metrics)
  if (kept.length !== names.length || kept.some((name, at) => name !== names[at])) return undefined
  const units: Reading['units'] = unit === '' ? {} : { [first]: unit }
  const event = create(EventSchema, { data: { case: 'reading', value: { metrics, units } } })
  if (validateFields(event) !== undefined || ![...names, unit].every((text) => text.isWellFormed())) return undefined
  const bytes = encodeEvent(event)
  return { names: [...names], unit, bytes, valuesAt: valuesIn(bytes, names.length) }
}

/** Each metric is an entry of at most 141 bytes that ends in its value. */
function valuesIn(reading: Uint8Array, count: number): readonly number[] {
  // The tag and the length of the reading.
  let at = 1
  while ((reading[at++] as number) >= 0x80);
  const ends: number[] = []
  while (ends.length < count) {
    const low = reading[at + 1] as number
    at += low < 0x80 ? 2 + low : 3 + (low & 0x7f) + (reading[at + 2] as number) * 0x80
    ends.push(at - DOUBLE_BYTES)
  }
  return ends
}

/** Of google.protobuf.Timestamp; earlier times than 1970 are left to `seal`. */
const SECONDS_MAX = 253_402_300_799
/** Of event.proto. */
const ID_BYTES_MAX = 128
const EVENT_BYTES_MAX: number = limits.eventBytesMax
const DOUBLE_BYTES = 8
