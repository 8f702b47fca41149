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
  /** Messages that are shown at once; the oldest leaves for a further one. */
  messagesMax: 4,
  /** An order that is in preparation for so long is late... */
  lateMs: 480_000,
  /** ...and for so long too late. */
  tooLateMs: 900_000,
  /** Stored events that the administrator sees. */
  storedMax: 30,
  /** Postgres is asked again so long after it was asked, while it lacks something that was live. */
  storedRetryMs: 400,
  /** Events that the live list holds; older ones leave it. */
  liveMax: 300,
  /** Reading live events is begun again so long after it failed. */
  monitorRetryMs: 2_000,
  /** What is finished, as an alert that was read, stays on the page for so long. */
  finishedShownMs: 3_600_000,
  /** How often the page looks for what it is to forget. */
  forgetEveryMs: 60_000,
} as const
