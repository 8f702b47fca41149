import { labelledSeries, SeriesCache } from '../../encode/labelled-series.ts'
import { type ReadingSeries, readingSeries } from '../../encode/series-reading.ts'
import { subjectToken, subjectTokens } from '../../encode/subject-token.ts'
import { seriesParts } from './line-parser.ts'

/**
 * The series of a bucket (or database) that measurement and tags name as they are written. Its
 * subject is `metrics.<bucket>.<host>.<measurement>`, where host is the tag of that name, a token
 * `<key>=<value>` for each other tag, in the order of their keys, and `id=<hash>`. Undefined where
 * it is none.
 */
export function seriesOf(bucket: string, series: string): ReadingSeries | undefined {
  return known.get(bucket, series, () => makeSeries(bucket, series))
}

function makeSeries(bucket: string, series: string): ReadingSeries | undefined {
  const parts = seriesParts(series)
  if (parts === undefined) return undefined
  const { measurement } = parts
  const tags = new Map(parts.tags)
  const host = subjectToken(tags.get('host') ?? '')
  const sorted = [...tags].sort(([a], [b]) => (a < b ? -1 : 1))
  const base = `metrics.${subjectToken(bucket)}.${host}.${subjectTokens(measurement)}`
  return readingSeries(
    labelledSeries(base, sorted, inBase, `influx ${JSON.stringify([bucket, measurement, sorted])}`),
    POINT_TYPE,
    bucket,
  )
}

const inBase: ReadonlySet<string> = new Set(['host'])
const known = new SeriesCache<ReadingSeries>()

/** Of the events of all points. */
export const POINT_TYPE = 'influx.point'
