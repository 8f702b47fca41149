import * as v from 'valibot'
import { type MetricSelection, selectMetrics } from '../event/metric-selection.ts'
import { limits } from '../limits.ts'
import { type BucketSpec, bucketFilling, type CommonSpec } from './common-spec.ts'
import { bucketFields, commonFields, duration, key, metrics } from './fields.ts'
import { declareKind, type KindDeclaration } from './kind-declaration.ts'

/** Statistics of each metric of each key, by tumbling windows of event time. */
export interface WindowSpec extends CommonSpec, BucketSpec {
  readonly kind: 'window'
  readonly sizeMs: number
  /** An event that arrives later than this after the end of its window is left out of it. */
  readonly latenessMs: number
  readonly metrics: MetricSelection
  /** 50, 95 and 99 unless declared. */
  readonly percentiles: readonly number[]
  /** How often an open window is written while events come. */
  readonly everyMs: number
}

export const windowDeclaration: KindDeclaration<WindowSpec> = declareKind(
  {
    ...commonFields,
    key: key('{subject}.{window}'),
    ...bucketFields,
    size: duration(1_000, limits.windowMaxMs, 'from 1s to 1h; for longer ones ask the history with a step'),
    lateness: duration(0, limits.latenessMaxMs, 'at most 1h', '10s'),
    every: duration(100, 60_000, 'from 100ms to 1m', '1s'),
    metrics,
    percentiles: v.optional(
      v.pipe(
        v.array(v.pipe(v.number('a percentile is a number'), v.minValue(0), v.maxValue(100))),
        v.maxLength(limits.percentilesMax, `at most ${limits.percentilesMax} percentiles are allowed`),
      ),
      [50, 95, 99],
    ),
  },
  (declared) => ({
    kind: 'window',
    ...bucketFilling(declared),
    sizeMs: declared.size,
    latenessMs: declared.lateness,
    metrics: selectMetrics(declared.metrics),
    percentiles: declared.percentiles,
    everyMs: declared.every,
  }),
)
