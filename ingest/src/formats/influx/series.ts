import { LabelList } from '../../encode/label-list.ts'
import { hasRoomForIdentity, subjectToken, subjectTokens, withIdentity } from '../../encode/subject-token.ts'
import { ingestLimits } from '../../limits.ts'
import { seriesParts } from './line-parser.ts'

/** A measurement with a set of tags: what has a subject of its own. */
export interface InfluxSeries {
  readonly subject: string
  /** The tags. */
  readonly labels: { [name: string]: string }
}

/**
 * The series of a bucket (or database) that measurement and tags name as they are written. Its subject is
 * `metrics.<bucket>.<host>.<measurement>`, where host is the tag of that name, a token `<key>=<value>` for each other tag, in the
 * order of their keys, and `id=<hash>`. Undefined where it is none.
 */
export function seriesOf(bucket: string, series: string): InfluxSeries | undefined {
  let known = seriesByBucket.get(bucket)
  const same = known?.get(series)
  if (same !== undefined) return same
  const made = makeSeries(bucket, series)
  if (made === undefined) return undefined
  rememberedUnits += 2 * series.length + made.subject.length
  if (rememberedUnits > ingestLimits.seriesUnitsMax) {
    seriesByBucket.clear()
    rememberedUnits = 0
    known = undefined
  }
  known ??= new Map()
  known.set(series, made)
  seriesByBucket.set(bucket, known)
  return made
}

function makeSeries(bucket: string, series: string): InfluxSeries | undefined {
  const parts = seriesParts(series)
  if (parts === undefined) return undefined
  const tags = new Map(parts.tags)
  const list = new LabelList()
  const base = `metrics.${subjectToken(bucket)}.${subjectToken(tags.get('host') ?? '')}.${subjectTokens(parts.measurement)}`
  let subject = base
  const sorted = [...tags].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [key, value] of sorted) {
    list.add(key, value)
    if (key !== 'host') subject += `.${subjectToken(key).replaceAll('=', '_')}=${subjectToken(value)}`
  }
  const labels: { [name: string]: string } = Object.create(null)
  list.addTo(labels, 0)
  // Always with an identity, as a series of OpenTelemetry may have the same readable tokens.
  const identity = `influx ${JSON.stringify([bucket, parts.measurement, sorted])}`
  return { subject: withIdentity(hasRoomForIdentity(subject) ? subject : base, identity), labels: { ...labels } }
}

const seriesByBucket = new Map<string, Map<string, InfluxSeries>>()
let rememberedUnits = 0
