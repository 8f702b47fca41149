import { type BucketSpec, bucketFilling, type CommonSpec } from './common-spec.ts'
import { bucketFields, commonFields, key, windowKeyFault } from './fields.ts'
import { declareKind, type KindDeclaration } from './kind-declaration.ts'

/** The newest event of each key. */
export interface LatestSpec extends CommonSpec, BucketSpec {
  readonly kind: 'latest'
}

export const latestDeclaration: KindDeclaration<LatestSpec> = declareKind(
  { ...commonFields, key: key('{subject}'), ...bucketFields },
  (declared, fault) => {
    if (declared.key.windowed) fault('key', windowKeyFault)
    return { kind: 'latest', ...bucketFilling(declared) }
  },
)
