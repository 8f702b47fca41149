/** The bounds of the command line, each with what happens there. */
export const limits = {
  /**
   * A part of `weir up` that is not ready by then ends the start, with the last lines of its log.
   */
  readyMs: 60_000,
  /** A part that was asked to stop and has not ended by then is killed. */
  stopMs: 8_000,
  /** How soon a part that is not ready is asked again; the wait grows by half each time. */
  readyPollFirstMs: 20,
  /** That wait grows no further. */
  readyPollMaxMs: 500,
  /** A part that gives no answer to one question of whether it is ready is not, this time. */
  readyAnswerMs: 2_000,
  /**
   * The wait before the first restart of a part that crashed; it doubles with each further crash.
   */
  restartFirstMs: 250,
  /** The wait between restarts grows no further. */
  restartMaxMs: 15_000,
  /**
   * A part that has run for so long is taken as sound: its next crash is restarted at once again.
   */
  soundAfterMs: 30_000,
  /** A file of projections that is not tried by then is given up. */
  checkFileMs: 600_000,
  /** Bytes of what a trial says; a thousand changes of each of 64 rules are less. */
  checkFileBytesMax: 268_435_456,
  /** A larger log of a part is moved aside, replacing the one that was moved before. */
  logBytesMax: 16_777_216,
  /** How often the logs of the parts are looked at for that. */
  logCheckMs: 60_000,
  /** So many last lines of its log are shown for a part that does not start. */
  logLinesShown: 12,
  /** What follows WEIR_PORT_BASE may begin there, where the ports of their own are taken. */
  portBaseMin: 18_080,
  /** And below this: from 32,768 on, Linux gives ports to outgoing connections. */
  portBaseMax: 32_700,
  /** Ports that nobody chose, as those of the servers of a cluster, begin here. */
  freePortMin: 10_000,
  /** And end below this, so that none is one that `weir up` proposes as a base. */
  freePortMax: 18_000,
  /** How often ports are looked at that are to become free. */
  portsPollMs: 250,
  /** Ports of a `weir up` that was killed are waited for so long before they count as taken. */
  portsFreeMs: 10_000,
  /** A client of the embedded Postgres that has not given its password by then is cut off. */
  postgresHandshakeMs: 5_000,
  /** So is one that sends more before it. */
  postgresHandshakeBytesMax: 16_384,
  /**
   * More clients of the embedded Postgres at once are cut off, those without a password yet
   * included.
   */
  postgresConnectionsMax: 16,
  /** How often a `weir up` looks for what is to join it, and who asked for its answer. */
  joinPollMs: 250,
  /** A `weir demo` that a running mesh has not taken in by then ends with an error. */
  joinMs: 90_000,
  /** A client of it that sends a longer message is cut off. */
  postgresMessageBytesMax: 67_108_864,
  /**
   * A client of it that says nothing for so long in the middle of a transaction, in which nobody
   * else gets a turn, is cut off, and its transaction is rolled back.
   */
  postgresTurnMs: 10_000,
  /** Every request of a command ends with an error after that. */
  requestMs: 30_000,
  /** So much is shown of data that is not JSON. */
  quotedCharactersMax: 60,
  /** `weir pub` sends what it has read so far as soon as it has so many events. */
  batchEventsMax: 500,
  /** `weir pub` sends what it has read so far after so long, for producers that write slowly. */
  batchMs: 100,
  /**
   * `weir pub` tries a batch that met a temporary refusal so many times, then ends with the error.
   */
  sendAttemptsMax: 8,
  /** So often, while no batch has been answered yet: the address may be wrong. */
  firstAttemptsMax: 3,
  /** The wait before the second attempt, at random up to it; the span doubles up to the maximum. */
  sendWaitMs: 200,
  sendWaitMaxMs: 12_800,
  /** Commands make a token for themselves that is good for so long; a longer one asks again. */
  ownTokenSeconds: 3_600,
  /** The token that `weir up` prints expires after that; `weir token` prints another. */
  printedTokenSeconds: 2_592_000,
  /** How often this machine's CPU and memory are sent. */
  telemetryIntervalMs: 2_000,
  /** The host telemetry of a `weir up` that runs longer is refused by ingest: start it anew. */
  telemetryTokenSeconds: 31_536_000,
  /** Events that are asked of the read API at once. */
  pageItemsMax: 1_000,
  /** How often the progress of a rebuild is asked for. */
  rebuildPollMs: 500,
  /**
   * How far `weir size` loads a core: the rest is for bursts, restarts and what was not measured.
   */
  busyShare: 0.6,
  /** Connections that `weir size` gives a hub: half of what one takes by default. */
  hubConnectionsMax: 50_000,
  /** With less space on the disk, `weir doctor` complains. */
  diskBytesMin: 2_147_483_648,
  /** Help for what is no terminal is so wide. */
  helpColumns: 80,
  /** In a terminal with less room beside the names, their descriptions are not wrapped. */
  helpWrapColumnsMin: 12,
} as const
