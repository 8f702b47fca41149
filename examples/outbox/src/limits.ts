/** The bounds of the outbox, each with what happens there. */
export const limits = {
  /** Events of one request to ingest; more wait for the next. */
  batchMax: 100,
  /** A request without an answer by then is sent again, with the same ids. */
  requestMs: 10_000,
  /** The wait before the next request after one that failed; it doubles with each further one. */
  retryFirstMs: 100,
  /** That wait grows no further. */
  retryMaxMs: 5_000,
  /** The outbox is looked at so often where nobody says that something was written. */
  pollMs: 1_000,
  /**
   * An event whose first request is older than this may be past the two minutes in which the stream
   * knows its id: whether it was stored is asked of the history.
   */
  doubtMs: 90_000,
} as const
