import { type BucketSpec, bucketFilling, type CommonSpec } from './common-spec.ts'
import { bucketFields, commonFields, key, windowKeyFault } from './fields.ts'
import { declareKind, type KindDeclaration } from './kind-declaration.ts'

/** The newest value of each metric of each key. */
export interface MergeSpec extends CommonSpec, BucketSpec {
  readonly kind: 'merge'
}

export const mergeDeclaration: KindDeclaration<MergeSpec> = declareKind(
  { ...commonFields, key: key('{subject}'), ...bucketFields },
  (declared, fault) => {
    if (declared.key.windowed) fault('key', windowKeyFault)
    return { kind: 'merge', ...bucketFilling(declared) }
  },
)
