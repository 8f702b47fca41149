/** The bounds of the page, each with what happens there. */
export const limits = {
  /** The wait before an action that could not be sent is sent again; it doubles each time. */
  retryFirstMs: 300,
  /** That wait grows no further. */
  retryMaxMs: 8_000,
  /** Actions that wait for a connection; a further one is refused. */
  queueMax: 100,
  /** A message at the bottom goes away after so long. */
  messageMs: 8_000,
  /** An order that is in preparation for so long is late... */
  lateMs: 480_000,
  /** ...and for so long too late. */
  tooLateMs: 900_000,
  /** Stored events that the administrator sees. */
  storedMax: 30,
  /** Events that the live list holds; older ones leave it. */
  liveMax: 300,
  /** Reading live events is begun again so long after it failed. */
  monitorRetryMs: 2_000,
  /** An order that is done, a refill that came: shown for so long. */
  finishedShownMs: 600_000,
} as const
