/** The bounds of the hub that nobody configures; the configurable ones are in config.ts. Each says what happens there. */
export const limits = {
  /** Steps of subscribers that are behind in one pass; the rest goes on in the next, so that live delivery is not held up. */
  advancesAPassMax: 256,
  /** A read of the stream that failed is tried again after this. */
  streamRetryMs: 1000,
} as const
