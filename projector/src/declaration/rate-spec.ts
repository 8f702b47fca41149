import * as v from 'valibot'
import { type MetricSelection, selectMetrics } from '../event/metric-selection.ts'
import { limits } from '../limits.ts'
import { type BucketSpec, bucketFilling, type CommonSpec } from './common-spec.ts'
import { bucketFields, commonFields, duration, key, metrics, windowKeyFault } from './fields.ts'
import { declareKind, type KindDeclaration } from './kind-declaration.ts'

/** How much counters count a second, by key. */
export interface RateSpec extends CommonSpec, BucketSpec {
  readonly kind: 'rate'
  /** Over how long, before the newest sample. */
  readonly windowMs: number
  /** An event that was stored later than this after it happened is left out. */
  readonly latenessMs: number
  /** Without a list those of events that say of themselves that they are monotonic. */
  readonly metrics: MetricSelection
  /** Of events that do not say it: whether a value is what was counted since the last one. */
  readonly temporality: 'cumulative' | 'delta'
  /** How often a key is written while events come. */
  readonly everyMs: number
}

export const rateDeclaration: KindDeclaration<RateSpec> = declareKind(
  {
    ...commonFields,
    key: key('{subject}'),
    ...bucketFields,
    ttl: duration(1_000, limits.durationMaxMs, 'from 1s to 366d', '5m'),
    window: duration(1_000, limits.windowMaxMs, 'from 1s to 1h', '1m'),
    lateness: duration(0, limits.latenessMaxMs, 'at most 1h', '1m'),
    metrics,
    temporality: v.optional(v.picklist(['cumulative', 'delta'], 'a temporality is cumulative or delta'), 'cumulative'),
    every: duration(100, 60_000, 'from 100ms to 1m', '1s'),
  },
  (declared) => ({
    kind: 'rate',
    ...bucketFilling(declared),
    windowMs: declared.window,
    latenessMs: declared.lateness,
    metrics: selectMetrics(declared.metrics),
    temporality: declared.temporality,
    everyMs: declared.every,
  }),
  ({ key }, _isDeclared, fault) => {
    if (key?.windowed) fault('key', windowKeyFault)
  },
)
