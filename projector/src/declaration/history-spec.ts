import { canonicalFilters } from '@weir/proto'
import * as v from 'valibot'
import { limits } from '../limits.ts'
import type { CommonSpec } from './common-spec.ts'
import { commonFields, duration, size } from './fields.ts'
import { declareKind, type KindDeclaration } from './kind-declaration.ts'

/** Every event, in Postgres. */
export interface HistorySpec extends CommonSpec {
  readonly kind: 'history'
  /** Days older than this are dropped. */
  readonly retentionMs: number
  /** The oldest days are dropped while all of them take more; Infinity without a bound. */
  readonly sizeBytes: number
  /** How long the numbers of each minute are kept of days that were dropped; undefined for none. */
  readonly coarseMs: number | undefined
}

const DAY_MS = 86_400_000

export const historyDeclaration: KindDeclaration<HistorySpec> = declareKind(
  {
    ...commonFields,
    retention: duration(DAY_MS, 10 * limits.durationMaxMs, 'from 1d to 3660d', '30d'),
    size: v.optional(size),
    coarse: v.optional(duration(DAY_MS, 10 * limits.durationMaxMs, 'from 1d to 3660d')),
  },
  ({ name, from, retention, size, coarse }) => ({
    kind: 'history',
    name,
    from: canonicalFilters(from),
    retentionMs: retention,
    sizeBytes: size ?? Number.POSITIVE_INFINITY,
    coarseMs: coarse,
  }),
  ({ retention, coarse }, _isDeclared, fault) => {
    if (retention !== undefined && coarse !== undefined && coarse <= retention) {
      fault('coarse', 'the coarser copy is for what is older than `retention`, so it has to be kept for longer')
    }
  },
)
