/**
 * The bounds of the hub that nobody configures; the configurable ones are in settings.ts. Each says
 * what happens there.
 */
export const limits = {
  /**
   * How long subscribers that are behind go on in one pass, or a quarter of what live delivery took
   * if that is more; the rest goes on in the next, so that live delivery is not held up.
   */
  advanceMs: 2,
  /** A batch for all that are caught up is split there. */
  batchBytesMax: 65_536,
  /** A batch for one that is behind is split there, or at a quarter of its window. */
  chunkBytesMax: 65_536,
  /**
   * The same where nothing is acknowledged: there it may have to wait in the buffer of the socket.
   */
  unacknowledgedChunkBytesMax: 16_384,
  /**
   * A WebSocket client that never acknowledges is pinged after so many bytes, once in a sweep at
   * most, and gets no more than the window until it answers: so much, or what came in a sweep, may
   * grow stale in kernels and proxies.
   */
  pingAfterBytes: 262_144,
  pingWindowBytes: 262_144,
  /** A smaller window is raised to this: below it every chunk would wait for an acknowledgement. */
  windowBytesMin: 16_384,
  /**
   * A larger inbound message closes the connection: `too_large`, or from twice as much on without a
   * close frame.
   */
  frameBytesMax: 65_536,
  /** A connection that has not said Hello by then is closed. */
  helloMs: 5_000,
  /**
   * Frames that wait for an earlier one of their connection, and the bytes they came in; past
   * either it is closed.
   */
  framesWaitingMax: 512,
  waitingBytesMax: 1_048_576,
  /**
   * The share of the heap that the process may have; past it nobody is let in, since at the end of
   * it the process ends.
   */
  heapShareMax: 0.9,
  /**
   * Bytes in the socket's buffer past high water, where one large entry may be too; when answers
   * fill it, it is closed.
   */
  answerBytesMax: 524_288,
  /**
   * A Centrifuge client is told to renew its token so long before it expires, or in the last
   * quarter of a shorter life.
   */
  tokenRenewMs: 10_000,
  /** A longer wait for further publications is refused, by Centrifuge clients and by settings. */
  gatherMsMax: 1_000,
  /** A longer interval is refused. */
  intervalMsMax: 3_600_000,
  /** A read of the stream that failed is tried again after this. */
  streamRetryMs: 1_000,
  /** Messages of one read of a stream, beside its bytes. */
  streamMessagesMax: 1_000,
  /**
   * Publications of one answer to a question for history, by number and bytes; one may be larger.
   */
  historyEntriesMax: 1_000,
  historyBytesMax: 262_144,
  /**
   * Bytes of what was missed in the answer to a Centrifuge subscription that recovers; the rest
   * follows it.
   */
  recoveredBytesMax: 16_384,
  /**
   * A stream is read backwards by windows: of so many sequences first, each four times as wide as
   * the one before, and so many at most; then what was found is answered.
   */
  historyWindow: 1_000,
  historyWindowsMax: 8,
  /** Reads of streams that run at once; the rest waits its turn. */
  streamReadsMax: 8,
  /** A tail without subscribers is closed after this. */
  idleTailMs: 60_000,
  /**
   * Removals that a source remembers, by number and age; an older cursor starts with a snapshot.
   */
  tombstonesMax: 100_000,
  tombstoneMs: 600_000,
  /** A client that was asked to leave and is still there so long after its time is closed. */
  leaveGraceMs: 500,
  /** Requests to the admin port that run when a hub stops are cut off after this. */
  adminCloseMs: 1_000,
  /** How often a hub that drains looks whether everybody has gone. */
  drainLookMs: 50,
  /** Those that are asked to leave for their age are spread over this. */
  retireSpreadMs: 1_000,
  /** A browser whose event stream ended connects again after this, give or take half. */
  sseRetryMs: 2_000,
  /**
   * How often an event stream that takes nothing is kept from being dropped: sooner than the 8 to
   * 12 s of the socket layer.
   */
  sseHoldMs: 4_000,
  /**
   * Tickets that one tenant and subject may ask a hub for, on average over two seconds; more are
   * answered with 429.
   */
  ticketsPerSecond: 20,
  /**
   * Subjects for which that is remembered; past it, the one that asked longest ago has its whole
   * allowance again.
   */
  ticketClientsMax: 10_000,
  /** How long an administrator's request waits for the answers of all hubs. */
  controlMs: 500,
  /** Sessions on a page of the list: when nothing is said, and at most. */
  sessionsPageDefault: 100,
  sessionsPageMax: 1_000,
  /** Sessions in the list that all hubs answer together: when nothing is said, and at most. */
  surveyDefault: 100,
  surveyMax: 200,
  /** Of a session, so many subscriptions and filters of each are told; the rest is counted. */
  surveyReadsMax: 4,
  /** What is looked for in sessions is cut there. */
  surveyFindMax: 255,
  /** Sessions that are looked at before what waits for the process has its turn. */
  surveySlice: 500,
  /** A hub that looks through its sessions so many times at once does not answer another. */
  surveysAtOnceMax: 4,
  /** Bytes of one hub's answer at most, of the 1 MiB that a message of NATS has; it ends there. */
  surveyBytesMax: 900_000,
  /** A page ends after so many subscriptions, however many sessions that are. */
  sessionsPageSubscriptionsMax: 10_000,
  /**
   * How long the admin port waits for a worker; one that does not answer is left out, or counts as
   * not ready.
   */
  workerAnswerMs: 2_000,
  /**
   * A worker that ended by itself is started again after this; after twice that the next time, up
   * to the maximum.
   */
  workerRestartMs: 100,
  workerRestartMaxMs: 10_000,
  /** A worker that ran for so long has not failed before. */
  workerStableMs: 60_000,
  /** Characters that are kept of the name which a client gives of itself. */
  clientNameMax: 128,
  /**
   * Tickets that are being redeemed at once; the rest waits its turn, so that a flood of false ones
   * does not reach NATS.
   */
  redemptionsMax: 16,
  /**
   * How often sessions are looked at: the precision of the deadlines of Hello, token, stall and
   * age.
   */
  sweepMs: 1_000,
  /**
   * Entries that one step of a subscriber looks at, so that a sparse filter cannot hold up the
   * others.
   */
  scanEntriesMax: 20_000,
  /** Segments of a ring: the first, and the largest (or an eighth of the ring). */
  segmentBytesMin: 65_536,
  segmentBytesMax: 1_048_576,
  /** So many places that are void are taken out of a list together. */
  compactMin: 4_096,
  /**
   * Gaps of a source that are known one by one; of what is older, all up to the last may be
   * missing.
   */
  gapsMax: 64,
  /**
   * How exactly it is known when entries came, and of how many times; past that, of every second
   * one.
   */
  arrivalPrecisionMs: 250,
  arrivalMarksMax: 1_024,
  /**
   * Routes in the answers that a router remembers; past it all are forgotten, and found again as
   * events come: 8 MB.
   */
  routesRememberedMax: 1_048_576,
  /** Characters of a client's own text that an answer quotes. */
  quotedMax: 200,
  /** For how long a browser remembers what a preflight was answered. */
  preflightSeconds: 7_200,
  /**
   * How soon it is looked whether a stream reaches a cursor that is past the head; after four times
   * that again, so often. Then heartbeats go on with it. In between a new leader of a cluster
   * applies what the old one had.
   */
  aheadLookMs: 100,
  aheadLooksMax: 3,
  /** Events of one source with a span that wait for a pass; further ones have none. */
  tracedMax: 200,
} as const
