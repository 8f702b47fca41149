import { type BucketSpec, bucketFilling, type CommonSpec } from './common-spec.ts'
import { bucketFields, commonFields, key, windowKeyFault } from './fields.ts'
import { declareKind, type KindDeclaration } from './kind-declaration.ts'

/** The newest value of each metric of each key. */
export interface MergeSpec extends CommonSpec, BucketSpec {
  readonly kind: 'merge'
}

export const mergeDeclaration: KindDeclaration<MergeSpec> = declareKind(
  { ...commonFields, key: key('{subject}'), ...bucketFields },
  (declared) => ({ kind: 'merge', ...bucketFilling(declared) }),
  ({ key }, _isDeclared, fault) => {
    if (key?.windowed) fault('key', windowKeyFault)
  },
)
