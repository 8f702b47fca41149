/** Counters of one source since it was opened. */
export interface SourceCounters {
  /** Entries that arrived. */
  inbound: number
  /** Batches that were encoded and sent. A batch for all that are caught up counts once. */
  batches: number
  /** Entries that were sent, once for each subscriber. */
  deliveries: number
  /** Entries that a newer one superseded before they were sent, once for each subscriber. */
  conflated: number
  /** Gaps that were announced, once for each subscriber. */
  gaps: number
  streamReads: number
}
