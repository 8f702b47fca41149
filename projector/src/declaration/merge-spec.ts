import { type MetricSelection, selectMetrics } from '../event/metric-selection.ts'
import { type BucketSpec, bucketFilling, type CommonSpec } from './common-spec.ts'
import { bucketFields, commonFields, key, metrics, windowKeyFault } from './fields.ts'
import { declareKind, type KindDeclaration } from './kind-declaration.ts'

/** The newest value of each metric of each key. */
export interface MergeSpec extends CommonSpec, BucketSpec {
  readonly kind: 'merge'
  readonly metrics: MetricSelection
}

export const mergeDeclaration: KindDeclaration<MergeSpec> = declareKind(
  { ...commonFields, key: key('{subject}'), ...bucketFields, metrics },
  (declared) => ({ kind: 'merge', ...bucketFilling(declared), metrics: selectMetrics(declared.metrics) }),
  ({ key }, _isDeclared, fault) => {
    if (key?.windowed) fault('key', windowKeyFault)
  },
)
