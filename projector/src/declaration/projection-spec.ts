import type { Condition } from '../fold/condition.ts'
import type { KeyTemplate, MessageTemplate } from './template.ts'

/** What the file of projections declares, checked and with its defaults filled in. */
export type ProjectionSpec = LatestSpec | MergeSpec | WindowSpec | AlertSpec | HistorySpec

interface CommonSpec {
  /** One token; names the position, the metrics and the rule. */
  readonly name: string
  /** Subjects that it takes, canonical. */
  readonly from: readonly string[]
}

interface BucketTarget {
  readonly key: KeyTemplate
  readonly bucket: string
  readonly ttlMs: number
  /** How large the bucket may become. */
  readonly quotaBytes: number
}

/** The newest event of each key. */
export interface LatestSpec extends CommonSpec, BucketTarget {
  readonly kind: 'latest'
}

/** The newest value of each metric of each key. */
export interface MergeSpec extends CommonSpec, BucketTarget {
  readonly kind: 'merge'
}

/** Statistics of each metric of each key, by tumbling windows of event time. */
export interface WindowSpec extends CommonSpec, BucketTarget {
  readonly kind: 'window'
  readonly sizeMs: number
  /** An event that arrives later than this after the end of its window is left out of it. */
  readonly latenessMs: number
  /** Which metrics; undefined takes all. */
  readonly metrics: readonly string[] | undefined
  /** 50, 95 and 99 unless declared. */
  readonly percentiles: readonly number[]
  /** How often an open window is written while events come. */
  readonly everyMs: number
}

/** A rule that fires for a key. Its name is the rule's. */
export interface AlertSpec extends CommonSpec {
  readonly kind: 'alert'
  /** `events`, or a bucket whose values the condition sees. */
  readonly source: string
  readonly key: KeyTemplate
  /** A CEL condition; or absence. */
  readonly when: Condition | undefined
  /** Fires when the key has had no event for so long. */
  readonly absentMs: number | undefined
  /** How long the condition must hold before the rule fires. */
  readonly forMs: number
  /** How long it must not hold any more before the alert is resolved. */
  readonly keepFiringForMs: number
  readonly severity: 'NORMAL' | 'HIGH' | 'URGENT'
  readonly message: MessageTemplate
}

/** Every event, in Postgres. */
export interface HistorySpec extends CommonSpec {
  readonly kind: 'history'
  /** Days older than this are dropped. */
  readonly retentionMs: number
}

/** The kinds that fill a bucket. */
export type BucketFillingSpec = LatestSpec | MergeSpec | WindowSpec
