import { type Event, timestampFromMilliseconds, WeirError } from '@weir/proto'
import { type LabelledSeries, labelledSeries, SeriesCache } from '../../encode/labelled-series.ts'
import type { IngestRecord } from '../../encode/record.ts'
import { type Defaults, rejection, seal } from '../../encode/seal.ts'
import { subjectToken, subjectTokens } from '../../encode/subject-token.ts'
import {
  HistogramSchema,
  type Label,
  type Sample,
  SampleSchema,
  TimeSeriesSchema,
  WriteRequestSchema,
} from '../../gen/prometheus/remote_pb.js'
import { ingestLimits } from '../../limits.ts'
import type { DecodeContext, Decoder } from '../decoder.ts'
import { requestFromBinary } from '../request-message.ts'
import { tooManyRecords } from '../too-many-records.ts'

/**
 * Prometheus remote write 1.0: a record for each sample. docs/ingest.md says how it becomes an
 * event.
 */
export const remoteWrite: Decoder = {
  name: 'Prometheus remote write 1.0',
  mediaTypes: ['application/x-protobuf'],
  decode: decodeRequest,
}

const tree = {
  schema: WriteRequestSchema,
  fields: {
    timeseries: {
      schema: TimeSeriesSchema,
      fields: { samples: { schema: SampleSchema }, histograms: { schema: HistogramSchema } },
    },
  },
}

function decodeRequest(body: Uint8Array, { contentType, defaults }: DecodeContext): readonly IngestRecord[] {
  const version = contentType.parameter('proto')
  if (version !== undefined && version !== 'prometheus.WriteRequest') {
    throw new WeirError(
      'unsupported_type',
      'Remote write 2.0 is not taken: send prometheus.WriteRequest of version 1.0.',
    )
  }
  const { message, faults } = requestFromBinary(tree, body)
  const records: IngestRecord[] = []
  let place = 0
  for (const { labels, samples, histograms } of message.timeseries) {
    if (records.length + samples.length + histograms.length > ingestLimits.recordsMax) throw tooManyRecords()
    const series = samples.length === 0 ? undefined : seriesOf(labels)
    for (const sample of samples) {
      const fault = faults.get(place++)
      const index = records.length
      if (fault !== undefined) records.push({ index, code: 'malformed', message: fault })
      else if (series === undefined)
        records.push({ index, code: 'invalid', message: 'A series has no label __name__.' })
      // Stale markers, and quantiles of nothing: there is no value to keep.
      else if (Number.isFinite(sample.value)) records.push(sampleRecord(index, series, sample, defaults))
    }
    for (const _ of histograms) {
      place++
      records.push({ index: records.length, code: 'invalid', message: 'Native histograms are not taken.' })
    }
  }
  return records
}

function sampleRecord(index: number, series: PrometheusSeries, sample: Sample, defaults: Defaults): IngestRecord {
  try {
    const { value, timestamp } = sample
    const time = timestampFromMilliseconds(Number(timestamp))
    if (time === undefined) throw new WeirError('invalid', `The timestamp ${timestamp} is no time.`)
    const event: Event = {
      $typeName: 'weir.v1.Event',
      // A sample is what its series, time and value are: sent again, in whatever batch, it is the
      // same.
      id: `${timestamp}-${value}`,
      type: 'prometheus.sample',
      source: series.source,
      time,
      labels: series.labels,
      traceparent: '',
      data: {
        case: 'reading',
        value: { $typeName: 'weir.v1.Reading', metrics: { value }, units: {}, times: {}, integers: {} },
      },
    }
    return seal(index, series.subject, event, defaults, true)
  } catch (thrown) {
    return rejection(index, thrown)
  }
}

interface PrometheusSeries extends LabelledSeries {
  /** The label `job`. */
  readonly source: string
}

/**
 * Undefined for labels without a name. Its subject is `metrics.<job>.<instance>.<name>`, tokens of
 * the other labels, and `id=<hash>`.
 */
function seriesOf(labels: readonly Label[]): PrometheusSeries | undefined {
  let text = ''
  for (const { name, value } of labels) text += `${name.length}:${name}${value.length}:${value}`
  const series = known.get(text, () => makeSeries(labels))
  return series === undefined ? undefined : { ...series, source: series.labels.job ?? '' }
}

function makeSeries(labels: readonly Label[]): LabelledSeries | undefined {
  const all = new Map(labels.map(({ name, value }) => [name, value]))
  const name = all.get('__name__') ?? ''
  if (name === '') return undefined
  all.delete('__name__')
  const token = (label: string): string => subjectToken(all.get(label) ?? '')
  const sorted = [...all].sort(([a], [b]) => (a < b ? -1 : 1))
  const base = `metrics.${token('job')}.${token('instance')}.${subjectTokens(name)}`
  return labelledSeries(base, sorted, inBase, `prometheus ${JSON.stringify([name, sorted])}`)
}

const inBase: ReadonlySet<string> = new Set(['job', 'instance'])
const known = new SeriesCache()
