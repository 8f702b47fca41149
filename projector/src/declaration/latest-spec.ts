import * as v from 'valibot'
import { type BucketSpec, bucketFilling, type CommonSpec } from './common-spec.ts'
import { bucketFields, commonFields, key, windowKeyFault } from './fields.ts'
import { declareKind, type KindDeclaration } from './kind-declaration.ts'

/** The newest event of each key. */
export interface LatestSpec extends CommonSpec, BucketSpec {
  readonly kind: 'latest'
  /** The newest is the one that the stream took last, or the one that happened last. */
  readonly order: 'stored' | 'time'
}

export const latestDeclaration: KindDeclaration<LatestSpec> = declareKind(
  {
    ...commonFields,
    key: key('{subject}'),
    ...bucketFields,
    order: v.optional(v.picklist(['stored', 'time'], 'an order is stored or time'), 'stored'),
  },
  (declared) => ({ kind: 'latest', ...bucketFilling(declared), order: declared.order }),
  ({ key }, _isDeclared, fault) => {
    if (key?.windowed) fault('key', windowKeyFault)
  },
)
