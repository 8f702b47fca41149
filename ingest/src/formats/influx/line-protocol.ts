import { type Event, WeirError } from '@weir/proto'
import { bodyText } from '../../body/body-text.ts'
import { exactInteger } from '../../encode/exact-integer.ts'
import { LabelList } from '../../encode/label-list.ts'
import type { LabelledSeries } from '../../encode/labelled-series.ts'
import type { IngestRecord } from '../../encode/record.ts'
import { rejection, seal } from '../../encode/seal.ts'
import { type SeriesReading, sealReading } from '../../encode/series-reading.ts'
import { textHash } from '../../encode/text-hash.ts'
import { ingestLimits } from '../../limits.ts'
import type { DecodeContext, Decoder } from '../decoder.ts'
import { tooManyRecords } from '../too-many-records.ts'
import { LineFault, LineParser, type LinePoint } from './line-parser.ts'
import { POINT_TYPE, seriesOf } from './series.ts'

/**
 * InfluxDB's line protocol: a record for each line. docs/ingest.md says how it becomes an event.
 */
export const lineProtocol: Decoder = {
  name: 'InfluxDB line protocol',
  mediaTypes: ['text/plain'],
  decode: decodeLines,
}

function decodeLines(body: Uint8Array, context: DecodeContext): readonly IngestRecord[] {
  const query = new URL(context.url).searchParams
  const bucket = query.get('bucket') ?? query.get('db') ?? ''
  const unit = unitOf(query.get('precision') ?? 'ns')
  const lines = new LineParser(bodyText(body))
  const records: IngestRecord[] = []
  for (let point = lines.next(); point !== undefined; point = lines.next()) {
    const index = records.length
    if (index === ingestLimits.recordsMax) throw tooManyRecords()
    records.push(atLine(lines.line, pointRecord(index, bucket, point, unit, context)))
  }
  return records
}

/** Nanoseconds of a unit of time. */
function unitOf(precision: string): bigint {
  const unit = units.get(precision)
  if (unit !== undefined) return unit
  const known = [...units.keys()].join(', ')
  throw new WeirError('malformed', `precision ${JSON.stringify(precision.slice(0, 16))} is not one of ${known}.`)
}

const units: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['n', 1n],
  ['us', 1_000n],
  ['u', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
])

function atLine(line: number, record: IngestRecord): IngestRecord {
  return 'code' in record ? { ...record, message: `line ${line}: ${record.message}` } : record
}

function pointRecord(
  index: number,
  bucket: string,
  point: LinePoint | LineFault,
  unit: bigint,
  { defaults }: DecodeContext,
): IngestRecord {
  if (point instanceof LineFault) return { index, code: 'malformed', message: `${point.message}.` }
  const series = seriesOf(bucket, point.series)
  if (series === undefined) return { index, code: 'malformed', message: 'a tag has no key or no value.' }
  const reading = unit === 1n ? readingOf(point) : undefined
  const sealed = reading === undefined ? undefined : sealReading(index, series, reading, defaults)
  if (sealed !== undefined) return sealed
  try {
    const labels = labelsOf(series, point)
    const event: Event = {
      $typeName: 'weir.v1.Event',
      id: idOf(point),
      type: POINT_TYPE,
      source: bucket,
      labels,
      traceparent: '',
      data: dataOf(point),
    }
    if (point.time !== '') event.time = timeOf(point.time, unit)
    const encodedLabels = labels === series.labels ? series.encodedLabels : undefined
    return seal(index, series.subject, event, defaults, true, encodedLabels)
  } catch (thrown) {
    return rejection(index, thrown)
  }
}

/**
 * A point with a time is what its series, time and fields are: sent again, in whatever batch, it is
 * the same.
 */
function idOf({ time, fieldsText }: LinePoint): string {
  return time === '' ? '' : `${time}-${textHash(fieldsText)}`
}

/** Events of one series share the labels, but for those with texts. */
function labelsOf({ labels }: LabelledSeries, { fields }: LinePoint): { [name: string]: string } {
  if (fields.every(({ kind }) => kind !== 'string')) return labels
  const own: { [name: string]: string } = Object.assign(Object.create(null), labels)
  const texts = new LabelList()
  for (const { name, kind, text } of fields) if (kind === 'string') texts.add(name, text)
  texts.addTo(own, Object.keys(own).length)
  return own
}

/** Numbers are a reading, texts labels beside it; a point of texts alone has them as its data. */
function dataOf({ fields }: LinePoint): Event['data'] {
  const metrics: { [name: string]: number } = {}
  const integers: { [name: string]: bigint } = {}
  let numbers = 0
  for (const { name, kind, text, number } of fields) {
    if (kind === 'string') continue
    numbers++
    setOwn(metrics, name, number)
    const integer = kind === 'integer' ? exactInteger(text) : undefined
    if (integer !== undefined) setOwn(integers, name, integer)
  }
  if (numbers > 0) {
    return { case: 'reading', value: { $typeName: 'weir.v1.Reading', metrics, units: {}, times: {}, integers } }
  }
  return { case: 'json', value: JSON.stringify(Object.fromEntries(fields.map(({ name, text }) => [name, text]))) }
}

/** A field may be called `__proto__`. */
function setOwn<T>(map: { [name: string]: T }, name: string, value: T): void {
  if (name !== '__proto__') map[name] = value
  else Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true })
}

function timeOf(digits: string, unit: bigint): NonNullable<Event['time']> {
  const unixNano = BigInt(digits) * unit
  const second = 1_000_000_000n
  const nanos = ((unixNano % second) + second) % second
  return { $typeName: 'google.protobuf.Timestamp', seconds: (unixNano - nanos) / second, nanos: Number(nanos) }
}

/**
 * A point of numbers that doubles hold, with a time in nanoseconds after 1970, as most are.
 * Undefined for the others.
 */
function readingOf(point: LinePoint): SeriesReading | undefined {
  const { fields, time } = point
  if (time.length <= NANOS_DIGITS || time.charCodeAt(0) === MINUS) return undefined
  const names: string[] = []
  const values: number[] = []
  for (const { name, kind, text, number } of fields) {
    if (kind === 'string' || (kind === 'integer' && exactInteger(text) !== undefined)) return undefined
    names.push(name)
    values.push(number)
  }
  const at = time.length - NANOS_DIGITS
  return {
    id: idOf(point),
    seconds: Number(time.slice(0, at)),
    nanos: Number(time.slice(at)),
    names,
    values,
    unit: '',
  }
}

const NANOS_DIGITS = 9
const MINUS = 0x2d
