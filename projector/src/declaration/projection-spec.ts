import { type AlertSpec, alertDeclaration } from './alert-spec.ts'
import { type CountSpec, countDeclaration } from './count-spec.ts'
import { type HistorySpec, historyDeclaration } from './history-spec.ts'
import type { KindDeclaration } from './kind-declaration.ts'
import { type LatestSpec, latestDeclaration } from './latest-spec.ts'
import { type MergeSpec, mergeDeclaration } from './merge-spec.ts'
import { type NotifySpec, notifyDeclaration } from './notify-spec.ts'
import { type RateSpec, rateDeclaration } from './rate-spec.ts'
import { type WindowSpec, windowDeclaration } from './window-spec.ts'

/** What the file of projections declares, checked and with its defaults filled in. */
export type ProjectionSpec = BucketFillingSpec | AlertSpec | NotifySpec | HistorySpec

/** The kinds that fill a bucket. */
export type BucketFillingSpec = LatestSpec | MergeSpec | WindowSpec | CountSpec | RateSpec

/**
 * Every kind there is. A new one has its line here, its folder in `kinds/` and its case in
 * tenant/running-projection.ts.
 */
export const kinds: { readonly [Kind in ProjectionSpec['kind']]: KindDeclaration<ProjectionSpec> } = {
  latest: latestDeclaration,
  merge: mergeDeclaration,
  window: windowDeclaration,
  count: countDeclaration,
  rate: rateDeclaration,
  alert: alertDeclaration,
  notify: notifyDeclaration,
  history: historyDeclaration,
}
