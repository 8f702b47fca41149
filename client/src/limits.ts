/**
 * The bounds of the client, each with what happens there. What a page loads later has its own
 * below, so that a page that only subscribes does not carry them.
 */
export const clientLimits = {
  /**
   * Received and not yet taken by the application, in bytes of messages; the hub sends no more
   * until some is taken.
   */
  windowBytes: 262_144,
  /** A hub makes no smaller window. */
  windowBytesMin: 16_384,
  /** A hub agrees to no larger window. */
  windowBytesMax: 8_388_608,
  /**
   * Bytes that were taken are acknowledged after this at the latest, and at once when they are a
   * quarter of the window.
   */
  ackDelayMs: 200,
  /**
   * A subscription that took nothing for so long while it held up the others is set aside until it
   * is read again.
   */
  parkAfterMs: 5000,
  /** An attempt to connect that has no Welcome by then has failed. */
  connectMs: 10_000,
  /** A token that getToken has not given by then counts as a failed attempt. */
  tokenMs: 10_000,
  /** The hub's heartbeat where Welcome names none. */
  heartbeatMs: 10_000,
  /** So many heartbeats without a message mean that the connection is dead. */
  heartbeatsOfSilence: 2.5,
  /**
   * After an event that says the network may be another, a connection without a word by then is
   * dead.
   */
  wakeMs: 3000,
  /** A page counts as hidden after so long: nothing changes for a glance at another tab. */
  hiddenAfterMs: 5000,
  /** While the page is hidden, mode LATEST is told at most once in so many milliseconds. */
  hiddenIntervalMs: 5000,
  /** A timer that fires so late tells that the machine has slept. */
  sleepMs: 3000,
  /**
   * So many answers in a row that no hub gives mean that the address is wrong: it is given up,
   * unless it ever was right.
   */
  foreignAnswersMax: 3,
  /** The n-th attempt waits a random part of this times 2^n... */
  reconnectBaseMs: 500,
  /** ...and never longer than this. */
  reconnectMaxMs: 30_000,
  /** A connection that lived so long was a success: the next attempt counts as the first again. */
  stableMs: 10_000,
  /** A close frame carries no longer reason (RFC 6455 section 5.5). */
  closeReasonBytesMax: 123,
  /**
   * A token is renewed so long before it expires, or at four fifths of its life if that is later.
   */
  renewBeforeMs: 60_000,
  /** No two renewals come closer together, whatever a clock that is wrong makes of the expiry. */
  renewPauseMs: 10_000,
  /**
   * A batch that does not continue where the last ended is asked for again so often on one
   * connection, which then ends.
   */
  restartsMax: 3,
  /** A cursor is written to a storage once in so many milliseconds at most. */
  keepCursorMs: 1000,
} as const

/** The bounds of one socket for all tabs. */
export const tabLimits = {
  /** The socket of all tabs has a window of so many windows of a tab, which they share. */
  tabWindows: 4,
  /** Where no shared worker has answered by then, the tab has a socket of its own. */
  workerMs: 5000,
  /** A shared worker that has not answered for so long is asked anew: it may have been ending. */
  workerAskMs: 1500,
} as const

/** The bounds of the read API as it is called. */
export const readLimits = {
  /** Items of one request to the read API, where all of many are asked for. */
  pageItems: 500,
  /** The read API gives no more in one answer. */
  pageItemsMax: 1000,
  /** A request to the read API without an answer by then has failed as `unavailable`. */
  requestMs: 30_000,
} as const

/** The bounds of stores. */
export const storeLimits = {
  /** Subjects that a store holds; further ones are left out and counted. */
  subjectsMax: 10_000,
  /** A removed subject is still a row, `gone`, for so long. */
  goneMs: 10_000,
  /** Rows of a store grow old no more often than this. */
  ageMs: 250,
  /** After a reset, a pause of so long means that the state has come. */
  quietMs: 100,
  /** Events that a list holds. */
  eventsMax: 100,
} as const

/**
 * The bounds of a producer, each the default of the option of its name, with what happens there.
 */
export const producerLimits = {
  /** Events in one request. */
  maxItems: 500,
  /** Bytes of events in one request. */
  batchBytesMax: 1_048_576,
  /** An event waits no longer than this for others to travel with. */
  maxDelayMs: 50,
  /** Bytes of events that wait or are on their way; past it `whenFull` decides. */
  bufferBytesMax: 8_388_608,
  /** Sends that wait for room under `block`; further ones are rejected as `overloaded`. */
  sendersMax: 1000,
  /** A request without an answer by then is sent again. */
  requestMs: 30_000,
  /** The n-th retry waits a random part of this times 2^n... */
  retryBaseMs: 250,
  /** ...and never longer than this, nor does a Retry-After count for more. */
  retryMaxMs: 30_000,
  /** Events that could not be delivered for so long are given up and reported. */
  giveUpMs: 600_000,
  /** Closing waits no longer for what is still to be stored; the rest is reported. */
  closeMs: 10_000,
  /** What a browser lets a page send while it goes away. */
  keepaliveBytesMax: 60_000,
} as const
