/** The bounds of the page, each with what happens there. */
export const limits = {
  /** The wait before a list that could not be fetched is asked for again; it doubles each time. */
  retryFirstMs: 300,
  /** That wait grows no further. */
  retryMaxMs: 10_000,
  /** Lines of the record of what was invalidated. */
  recordMax: 30,
  /** A message at the bottom goes away after so long. */
  messageMs: 9_000,
} as const
