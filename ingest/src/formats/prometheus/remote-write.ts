import { fromBinary } from '@bufbuild/protobuf'
import { type Event, type Reading, timestampFromMilliseconds, WeirError } from '@weir/proto'
import { checkedSeries, type LabelledSeries } from '../../encode/labelled-series.ts'
import type { IngestRecord } from '../../encode/record.ts'
import { type Defaults, rejection, seal } from '../../encode/seal.ts'
import { type ReadingSeries, sealReading } from '../../encode/series-reading.ts'
import { textHash } from '../../encode/text-hash.ts'
import { Histogram_ResetHint, HistogramSchema } from '../../gen/prometheus/remote_pb.js'
import { ingestLimits } from '../../limits.ts'
import type { DecodeContext, Decoder } from '../decoder.ts'
import { tooManyRecords } from '../too-many-records.ts'
import { WireReader } from '../wire-reader.ts'
import { histogramValues } from './native-histogram.ts'
import { SAMPLE_TYPE, type SeriesKind, seriesOf, sourceOf } from './series.ts'
import { SeriesReader, utf8Of } from './series-reader.ts'
import { Symbols } from './symbols.ts'
import { WriteTally } from './write-tally.ts'

/**
 * Prometheus remote write 1.0 and 2.0, told apart by the parameter `proto` of the media type: a
 * record for each sample and each native histogram. docs/ingest.md says how they become events.
 */
export const remoteWrite: Decoder = {
  name: 'Prometheus remote write 1.0 and 2.0',
  mediaTypes: ['application/x-protobuf'],
  decode: decodeRequest,
}

function decodeRequest(body: Uint8Array, context: DecodeContext): readonly IngestRecord[] {
  const proto = context.contentType.parameter('proto') ?? PROTO_1
  if (proto !== PROTO_1 && proto !== PROTO_2) {
    throw new WeirError(
      'unsupported_type',
      `proto=${proto.slice(0, 64)} is not known here: send ${PROTO_2} or ${PROTO_1}.`,
    )
  }
  const symbols = proto === PROTO_2 ? symbolsOf(body) : undefined
  const request = new Request(body, symbols, context.defaults)
  const outer = new WireReader(body)
  const tagSeries = symbols === undefined ? TAG_TIMESERIES_1 : TAG_TIMESERIES_2
  while (outer.at < body.length) {
    const tag = outer.varint()
    if (tag === tagSeries) {
      const end = outer.end()
      request.take(outer.at, end)
      outer.at = end
    } else outer.skip(tag)
  }
  context.tally = request.tally
  return request.records
}

const PROTO_1 = 'prometheus.WriteRequest'
const PROTO_2 = 'io.prometheus.write.v2.Request'
const TAG_TIMESERIES_1 = 0x0a
const TAG_SYMBOLS = 0x22
const TAG_TIMESERIES_2 = 0x2a

/** They may stand anywhere among the series. */
function symbolsOf(body: Uint8Array): Symbols {
  const symbols: string[] = []
  const reader = new WireReader(body)
  while (reader.at < body.length) {
    const tag = reader.varint()
    if (tag !== TAG_SYMBOLS) {
      reader.skip(tag)
      continue
    }
    if (symbols.length === ingestLimits.symbolsMax) {
      throw new WeirError('too_large', `A request has at most ${ingestLimits.symbolsMax} symbols: send several.`)
    }
    const end = reader.end()
    symbols.push(utf8Of(body.subarray(reader.at, end)))
    reader.at = end
  }
  return new Symbols(symbols)
}

/** The records of one request. */
class Request {
  readonly records: IngestRecord[] = []
  readonly tally = new WriteTally()
  readonly #series: SeriesReader
  readonly #defaults: Defaults

  constructor(body: Uint8Array, symbols: Symbols | undefined, defaults: Defaults) {
    this.#series = new SeriesReader(body, symbols)
    this.#defaults = defaults
  }

  /** A fault inside a series rejects that series. */
  take(start: number, end: number): void {
    const { records, tally } = this
    const read = this.#series
    let series: ReadingSeries | undefined
    let fault: IngestRecord | undefined
    try {
      read.read(start, end)
      const isCounter = read.type === COUNTER || read.type === HISTOGRAM
      const kind: SeriesKind = isCounter ? 'cumulative' : 'unknown'
      series = seriesOf(read.text, kind, () => read.labels())
      if (series === undefined) throw new WeirError('invalid', 'A series has no label __name__.')
    } catch (thrown) {
      fault = rejection(records.length, thrown)
    }
    const { times, values, histograms } = read
    if (records.length + times.length + histograms.length > ingestLimits.recordsMax) throw tooManyRecords()
    tally.samples += times.length
    tally.histograms += histograms.length
    tally.exemplars += read.exemplars
    if (series === undefined || fault !== undefined) {
      // Each of its values is one that was not stored.
      const count = Math.max(1, times.length + histograms.length)
      for (let at = 0; at < count; at++) {
        if (at >= times.length) tally.isHistogram.add(records.length)
        records.push({ ...(fault as IngestRecord), index: records.length })
      }
      return
    }
    for (let at = 0; at < times.length; at++) {
      const value = values[at] as number
      // Stale markers, and quantiles of nothing: there is no value to keep.
      if (Number.isFinite(value)) records.push(this.#sample(series, times[at] as number, value))
    }
    for (const bytes of histograms) this.#histogram(series, bytes)
  }

  #sample(series: ReadingSeries, ms: number, value: number): IngestRecord {
    const { unit, createdMs } = this.#series
    // A sample is what its series, time and value are: sent again, in whatever batch, it is the
    // same.
    const id = `${ms}-${value}`
    const seconds = Math.floor(ms / 1000)
    const nanos = (ms - seconds * 1000) * 1_000_000
    const hasCreated = createdMs > 0
    const names = hasCreated ? valueAndCreated : valueAlone
    const values = hasCreated ? [value, createdMs / 1000] : [value]
    const reading = { id, seconds, nanos, names, values, unit }
    return (
      sealReading(this.records.length, series, reading, this.#defaults) ??
      this.#record(series, SAMPLE_TYPE, ms, id, { value }, {})
    )
  }

  #histogram(series: LabelledSeries, bytes: Uint8Array): void {
    const index = this.records.length
    this.tally.isHistogram.add(index)
    try {
      const histogram = fromBinary(HistogramSchema, bytes, { readUnknownFields: false })
      const values = histogramValues(histogram)
      if (values === undefined) return void this.tally.isHistogram.delete(index)
      const { metrics, integers } = values
      const ms = Number(histogram.timestamp)
      const id = `${ms}-h${textHash(JSON.stringify(metrics))}`
      const isGauge = histogram.resetHint === Histogram_ResetHint.GAUGE
      const labels =
        isGauge || 'temporality' in series.labels ? series.labels : { temporality: 'cumulative', ...series.labels }
      this.records.push(
        this.#record(checkedSeries(series.subject, labels), 'prometheus.histogram', ms, id, metrics, integers),
      )
    } catch (thrown) {
      this.records.push(
        thrown instanceof WeirError
          ? rejection(index, thrown)
          : { index, code: 'malformed', message: 'A native histogram cannot be decoded.' },
      )
    }
  }

  #record(
    series: LabelledSeries,
    type: string,
    ms: number,
    id: string,
    metrics: Reading['metrics'],
    integers: Reading['integers'],
  ): IngestRecord {
    const { subject, labels, encodedLabels } = series
    const index = this.records.length
    const time = timestampFromMilliseconds(ms)
    if (time === undefined) return { index, code: 'invalid', message: `The timestamp ${ms} is no time.` }
    const { unit, createdMs } = this.#series
    const units = unit === '' ? noUnits : { ['value' in metrics ? 'value' : 'sum']: unit }
    // As OpenMetrics has it: seconds.
    if (createdMs > 0) metrics.created = createdMs / 1000
    const event: Event = {
      $typeName: 'weir.v1.Event',
      id,
      type,
      source: sourceOf(series),
      time,
      labels,
      traceparent: '',
      data: { case: 'reading', value: { $typeName: 'weir.v1.Reading', metrics, units, times: {}, integers } },
    }
    try {
      return seal(index, subject, event, this.#defaults, true, encodedLabels)
    } catch (thrown) {
      return rejection(index, thrown)
    }
  }
}

/** Of Metadata.MetricType. */
const COUNTER = 1
const HISTOGRAM = 3
const noUnits: Reading['units'] = {}
const valueAlone: readonly string[] = ['value']
const valueAndCreated: readonly string[] = ['value', 'created']
