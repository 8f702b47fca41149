import { canonicalFilters } from '@weir/proto'
import { limits } from '../limits.ts'
import type { CommonSpec } from './common-spec.ts'
import { commonFields, duration } from './fields.ts'
import { declareKind, type KindDeclaration } from './kind-declaration.ts'

/** Every event, in Postgres. */
export interface HistorySpec extends CommonSpec {
  readonly kind: 'history'
  /** Days older than this are dropped. */
  readonly retentionMs: number
}

export const historyDeclaration: KindDeclaration<HistorySpec> = declareKind(
  { ...commonFields, retention: duration(86_400_000, 10 * limits.durationMaxMs, 'from 1d to 3660d', '30d') },
  ({ name, from, retention }) => ({ kind: 'history', name, from: canonicalFilters(from), retentionMs: retention }),
)
