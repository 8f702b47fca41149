import { checkedSeries, type LabelledSeries, labelledSeries, SeriesCache } from '../../encode/labelled-series.ts'
import { type ReadingSeries, readingSeries } from '../../encode/series-reading.ts'
import { subjectToken, subjectTokens } from '../../encode/subject-token.ts'
import { ingestLimits } from '../../limits.ts'

/** Names and values of labels, in the order in which they came. */
export type Labels = readonly (readonly [name: string, value: string])[]

/** What a series is beside its labels, where the sender says so. */
export type SeriesKind = 'unknown' | 'cumulative'

/**
 * Whose subject is `metrics.<job>.<instance>.<name>`, a token for each of the other labels, and
 * `id=<hash>`. Series that only grow say so by the labels that those of OpenTelemetry have. `text`
 * stands for the labels, however they are encoded; `labels` are read where it is not known.
 * Undefined for labels without a name.
 */
export function seriesOf(text: string, kind: SeriesKind, labels: () => Labels): ReadingSeries | undefined {
  return known.get(kind, text, () => makeSeries(labels(), kind))
}

function makeSeries(labels: Labels, kind: SeriesKind): ReadingSeries | undefined {
  const all = new Map(labels)
  const name = all.get('__name__') ?? ''
  if (name === '') return undefined
  all.delete('__name__')
  const token = (label: string): string => subjectToken(all.get(label) ?? '')
  const sorted = [...all].sort(([a], [b]) => (a < b ? -1 : 1))
  const base = `metrics.${token('job')}.${token('instance')}.${subjectTokens(name)}`
  const series = labelledSeries(base, sorted, inBase, `prometheus ${JSON.stringify([name, sorted])}`)
  const told = kind === 'unknown' ? series : checkedSeries(series.subject, withRoom(series.labels))
  return readingSeries(told, SAMPLE_TYPE, sourceOf(told))
}

/** Labels of the series itself win. */
function withRoom(labels: LabelledSeries['labels']): LabelledSeries['labels'] {
  const both = { temporality: 'cumulative', monotonic: 'true', ...labels }
  return Object.keys(both).length > ingestLimits.labelsMax ? labels : both
}

/** What sends the events of a series. */
export function sourceOf({ labels }: LabelledSeries): string {
  return labels.job ?? ''
}

/** Of the events of all samples. */
export const SAMPLE_TYPE = 'prometheus.sample'

const inBase: ReadonlySet<string> = new Set(['job', 'instance'])
const known = new SeriesCache<ReadingSeries>()
