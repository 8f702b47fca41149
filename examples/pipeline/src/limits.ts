/** The bounds of the pipeline, each with what happens there. */
export const limits = {
  /** A stage that has failed so often ends its run. */
  attemptsMax: 4,
  /** The wait before the next attempt; it doubles with each. */
  retryMs: 800,
  /** How often a worker says that it is there. */
  aliveEveryMs: 2_000,
  /** A worker that has said nothing for so long is not ready. */
  aliveMs: 8_000,
  /** How often the radar asks whether the others are there, before its first run. */
  readyPollMs: 300,
  /** Runs a second without `--rate`. */
  runsPerSecond: 0.25,
  /** Of the time between two runs a stage works for so much at most, so that none falls behind. */
  busyShare: 0.4,
  /** Of that time, a stage that has failed waits for so much at most. */
  retryShare: 0.2,
  /** A read is tried again for so long; then the worker ends, and is started anew. */
  readMs: 20_000,
  /**
   * A worker that cannot send for so long ends, and is started anew. It is below the two minutes in
   * which the stream knows an id again, so nothing is stored twice.
   */
  giveUpMs: 90_000,
  /** Runs that the page shows. */
  runsShownMax: 14,
} as const
