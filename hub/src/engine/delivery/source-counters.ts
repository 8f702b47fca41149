/** What one source has done since it was opened. */
export interface SourceCounters {
  /** Entries that arrived. */
  inbound: number
  /** Batches that were encoded and sent; one for all that are caught up counts once. */
  batches: number
  /** Entries that were sent, times subscribers. */
  deliveries: number
  /** Entries that were left out for a newer one, times subscribers. */
  conflated: number
  /** Gaps that were announced, one for each subscriber that was told. */
  gaps: number
  streamReads: number
}
