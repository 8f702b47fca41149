/**
 * Bounds of the projector, in this order: declarations, times, conditions, reading, shards,
 * replicas, buckets, alerts, silences, notifications, history, read API, boards, trials. Each says
 * what happens there; the configurable ones are defaults of a setting.
 */
export const limits = {
  /** More projections in one file are refused at the start: each has a reader of its own. */
  projectionsMax: 64,
  /** A longer time, of a TTL or a window, is refused at the start. */
  durationMaxMs: 31_622_400_000,
  /**
   * A window is read again from its beginning after a restart, so a longer one is refused; `step`
   * of the history serves it.
   */
  windowMaxMs: 3_600_000,
  /** A larger allowed lateness is refused: a restart reads again from so long before. */
  latenessMaxMs: 3_600_000,
  /** Names of metrics of one projection, and percentiles of a window. */
  metricsMax: 64,
  percentilesMax: 10,
  /** A longer time of absence is refused at the start: it is read again after a restart. */
  absentMaxMs: 86_400_000,
  /** A longer condition of an alert is refused at the start. */
  conditionBytesMax: 4_096,
  /** How long ago a value may be that a condition compares with; the start refuses others. */
  agoMinMs: 100,
  agoMaxMs: 86_400_000,
  /** Labels that a rule gives its alerts, and characters of the value of one. */
  alertLabelsMax: 16,
  alertLabelValueMax: 256,
  /** A longer wait for others is refused at the start. */
  notifyGroupWaitMax: 300_000,
  /** More headers of one target are refused at the start. */
  notifyHeadersMax: 16,

  /**
   * A time that an event claims to be further in the future than this, seen from its arrival,
   * counts as its arrival.
   */
  skewMaxMs: 60_000,
  /**
   * A time that is further ahead of the stream's clock than this is counted as a skew of its
   * source.
   */
  skewCountedMs: 1_000,
  /** Sources whose skew is counted by name; further ones are counted together, as `other`. */
  skewSourcesMax: 100,
  /**
   * An event that was stored so long after it happened is late: as one of a backlog, it tells
   * little of what is so now.
   */
  lateEventMs: 10_000,

  /**
   * What one evaluation of a condition may cost; past it the evaluation fails. A unit is about what
   * it takes to compare two numbers, 20 ns; a round of a loop costs more.
   */
  conditionCostMax: 100_000,
  conditionRoundCost: 10,
  /** Characters or bytes that are walked for one unit. */
  conditionCharactersAUnit: 16,
  /** Values that are kept for one duration: a time is rounded down to such a part of it. */
  agoSteps: 60,
  /**
   * A value that is older than this, or than the duration if that is longer, at the time that is
   * asked for, is none.
   */
  agoLookBackMs: 300_000,
  /**
   * Values of a rule that are remembered, some 60 bytes each; keys that nothing came for longest
   * are forgotten.
   */
  agoSamplesMax: 2_000_000,
  /** A longer text is not remembered. */
  agoTextMax: 256,

  /** How often the position of a projection is stored: what a crash makes it read again. */
  checkpointMs: 1_000,
  /** The same of a history, whose position is how far its answers go. */
  historyCheckpointMs: 200,
  /**
   * How often the streams are asked whether they are still the same, and how far behind a reader
   * is.
   */
  watchMs: 5_000,
  /** How often time is told to projections that wait for it. */
  tickMs: 250,
  /**
   * A projection that fails is begun again at random up to this long; the span doubles up to the
   * second.
   */
  restartMs: 250,
  restartMaxMs: 10_000,
  /** Within a drain, how long writes that are in flight may take to be acknowledged. */
  flushMs: 5_000,
  /** A store of NATS that does not acknowledge for so long has failed, and is tried again. */
  storeMs: 5_000,
  /** Positions of one projection that are read. */
  positionsMax: 4_096,
  /** How often what waits looks whether it has to end. */
  closePollMs: 50,
  /** The same complaint is logged at most so often. */
  repeatedLogMs: 10_000,
  /** Events of one projection with a span that are not stored yet; further ones have none. */
  tracedMax: 1_000,

  /** Events of one of several streams that wait for their turn; its reader waits at as many. */
  shardAheadMax: 1_024,
  /**
   * For how long an event of one of several streams waits for an earlier one of a stream that is
   * quiet: longer than an event is under way, and than the clocks of servers of NATS differ. What
   * comes later makes projections whose values depend on the order be rebuilt.
   */
  shardWaitMs: 500,

  /** Shares of the keys; further replicas stand by. Positions are kept for each number of them. */
  sharesMax: 64,
  /** Replicas that are remembered; of more, those that were heard first count. */
  membersMax: 1_000,
  /** How often a replica that shares the keys by itself says that it is there. */
  memberEveryMs: 1_000,
  /** One that was not heard for so long is gone, and the others take its keys. */
  memberLostMs: 6_000,
  /** How often a replica looks whether its share is another one. */
  memberLookMs: 100,
  /** Nobody comes or goes for so long before shares are taken. */
  memberSettleMs: 1_000,
  /** A new share waits so long for those who still work on an old one, and then begins anyway. */
  handOverMs: 10_000,

  /**
   * A younger event counts as having just come where its value gets a TTL: the server counts a
   * value's own TTL in whole seconds.
   */
  freshMs: 1_500,
  /**
   * Keys of one bucket whose revision is remembered; a forgotten one costs a read before its next
   * write.
   */
  keysMax: 1_000_000,
  /**
   * Changed keys of a fold that are collected before they are encoded and written; more are written
   * at once.
   */
  dirtyKeysMax: 5_000,
  /**
   * How much longer a fold of many keys collects them for each that it has written, so that it
   * writes at most 10,000 values a second.
   */
  dirtyKeyMs: 0.1,
  /**
   * A projection with more stored events to take is far behind. What a fold writes then is soon
   * written again, so it collects the keys `behindKeyFactor` times as long, up to `behindWaitMs`,
   * and its position is stored every `behindCheckpointMs`.
   */
  behindEvents: 20_000,
  behindKeyFactor: 5,
  behindWaitMs: 5_000,
  behindCheckpointMs: 5_000,
  /**
   * Keys of a merge, or of a `latest` by time, of which is remembered what led to their value: some
   * 500 bytes each and 100 a metric of a merge, 200 by time. Events of further keys are left out,
   * counted and logged.
   */
  rememberedKeysMax: 1_000_000,
  /** How often it is looked whether such keys have expired, while there is no room. */
  rememberedLookMs: 1_000,
  /** How long a merge collects changed keys. */
  mergeWaitMs: 5,
  /** Metrics of one merged reading; those that were taken longest ago go first. */
  mergedMetricsMax: 256,
  /**
   * Values of one metric in one window that are kept as they are, so that percentiles are exact; of
   * more a sketch is kept.
   */
  exactValuesMax: 256,
  /**
   * Metrics of all open windows of a projection, some 2 KiB each; readings beyond are left out,
   * counted and logged.
   */
  windowSeriesMax: 50_000,
  /**
   * Entities of one count, some 300 bytes each; events of further ones are left out, counted and
   * logged.
   */
  countEntitiesMax: 1_000_000,
  /** Metrics of a reading but for the total; of more states those of most entities are named. */
  countStatesMax: 255,
  /** A longer state is refused: its event goes to the dead letters. */
  countStateLengthMax: 100,
  /**
   * Entities expire together in steps of time: of a thousandth of the TTL, and never less than
   * this.
   */
  countExpiryStepMs: 1_000,
  countExpirySteps: 1_000,
  /** Samples of a counter that are kept for a window: a time is rounded down to such a part. */
  rateSteps: 60,
  /**
   * Samples of all counters of a projection, some 30 bytes each; further series are left out,
   * counted and logged.
   */
  rateSamplesMax: 4_000_000,

  /**
   * How long the bucket `alerts` keeps what happened to an alert last, and how large it may become.
   */
  alertsTtlMs: 604_800_000,
  alertsQuotaBytes: 67_108_864,
  /**
   * What only late events say of a key has to stand for so long before an alert fires or is
   * resolved because of it.
   */
  lateSettleMs: 10_000,
  /** After a restart a rule reads so much again, to know what is the newest of each key. */
  newestMemoryMs: 300_000,
  /**
   * A rule whose condition failed counts as one that cannot be evaluated until there was no failure
   * for so long.
   */
  unevaluableMs: 300_000,
  /** How often it is looked whether an open alert has lost its rule. */
  removedRulesMs: 30_000,
  /**
   * Keys of one alert whose state is kept; a further one is not watched, which is counted and
   * logged.
   */
  alertKeysMax: 200_000,
  /**
   * Changes of one rule's alerts that are stored at once; further ones wait, and the reader with
   * them.
   */
  alertChangesMax: 256,
  /** How often it is looked whether all changes are stored. */
  alertSettlePollMs: 20,
  /** Characters of an alert's message; four bytes each is what the field may have. */
  alertMessageMax: 1_024,
  /**
   * Times that a person's change of an alert is tried again when others change it meanwhile; then
   * it is a `conflict`.
   */
  alertAttemptsMax: 5,

  /**
   * How long the bucket `silences` keeps one, longer than a silence may last, and how large it may
   * become.
   */
  silencesTtlMs: 2_678_400_000,
  silencesQuotaBytes: 16_777_216,
  /**
   * Silences of a tenant that are in force or to come; further ones quiet nothing, which is logged.
   */
  silencesMax: 1_000,
  /** How long a silence that has ended is remembered. */
  silenceMemoryMs: 86_400_000,
  /** How often it is looked whether a silence has to be made of a maintenance time. */
  maintenanceMs: 10_000,
  /**
   * How long before it begins that is done, so that a projector that is away then changes nothing.
   */
  maintenanceAheadMs: 3_600_000,
  /** Open alerts that may inhibit others; further ones inhibit nothing, which is logged. */
  inhibitingMax: 100_000,
  /** How long a start waits to know what is quiet. */
  quietKnownMs: 5_000,
  /** What became loud no longer ago than this, while no projector ran, is told after the start. */
  quietGapMs: 600_000,

  /**
   * Alerts that wait to be told to one target, about 1 KiB each; then its reader waits, and what
   * follows stays in the stream.
   */
  notifyPendingMax: 5_000,
  /** Messages to one target at once. */
  notifySendingMax: 4,
  /** Alerts of one message; further ones are in the next. */
  notifyAlertsMax: 100,
  /** Characters of the text of one message; the rest is counted in it. */
  notifyTextMax: 20_000,
  /** A target that has not answered within this time has failed. */
  notifyRequestMs: 10_000,
  /** Bytes that are read of an answer whose status does not come. */
  notifyAnswerMax: 16_384,
  /** What a target did not take is sent again at random up to this long; the span doubles. */
  notifyRetryMs: 500,
  notifyRetryMaxMs: 60_000,
  /** Alerts whose last told change is remembered; that of another one may be told twice. */
  notifyToldMax: 20_000,
  /** Quiet alerts that are told when they are quiet no more; of further ones nothing is told. */
  notifyHeldMax: 100_000,
  /** Of those, how many are looked at in one turn. */
  notifyReleaseMax: 2_000,

  /** Rows of one insert, and how long the first of them may wait for the others. */
  historyBatchRows: 2_000,
  historyBatchBytes: 8_388_608,
  historyWaitMs: 50,
  /**
   * Batches that are stored at once, on one connection: the second is on its way when Postgres has
   * done with the first. A third is filled meanwhile; then the reader waits.
   */
  historyBatchesMax: 2,
  /**
   * A batch is sent again after this long at first, doubling up to the second, while Postgres is
   * away.
   */
  historyRetryMs: 100,
  historyRetryMaxMs: 2_000,
  /** Rows of one statement that copies a day to its coarser form. */
  coarsePartRows: 50_000,
  /** How often partitions are made ahead and dropped. */
  historyMaintenanceMs: 600_000,
  /** A connection to Postgres that takes longer has failed. */
  databaseConnectSeconds: 5,
  /**
   * The first retry of a connection that failed, at random up to it; the span doubles up to the
   * maximum.
   */
  databaseRetryMs: 100,
  databaseRetryMaxMs: 2_000,
  /** At the end, statements that run longer are cut off. */
  databaseCloseSeconds: 5,
  /**
   * A query of the read API that takes longer is ended by Postgres and answered with `unavailable`;
   * a server that does not even do that has hung, and is asked on new connections from then on.
   */
  databaseQueryMs: 15_000,
  /** The same of a write, which is tried again; the history waits, and readiness says so. */
  databaseWriteMs: 15_000,
  /** How often a Postgres that nothing is written to is asked whether it is there. */
  databaseProbeMs: 5_000,

  /** Items of one answer: the default of `limit`, and its largest value. */
  pageItems: 100,
  pageItemsMax: 1_000,
  /**
   * Bytes of stored values that one read takes from NATS; a page may be shorter than asked for
   * because of it.
   */
  pageBytesMax: 4_194_304,
  /** Items that an export reads at once. */
  exportPageItems: 1_000,
  /**
   * Steps between `from` and `to`, and points of all series together; a request for more is refused
   * as `invalid`.
   */
  seriesStepsMax: 10_000,
  seriesPointsMax: 100_000,
  /** The narrowest step of a series. */
  stepMsMin: 100,
  /** Names of metrics in one request. */
  requestMetricsMax: 64,
  /** Filters of one request. */
  requestFiltersMax: 32,
  /** A longer request body is refused as `too_large`. */
  requestBytesMax: 65_536,
  /**
   * A request body that does not come within this time is refused as `slow_body`, and ends its
   * connection.
   */
  requestBodyMs: 10_000,
  /**
   * Listings of values and of alerts that are read at once, each up to `pageBytesMax`; further ones
   * wait for their turn.
   */
  listingsMax: 16,
  /**
   * Questions to Postgres, or listings, of one token that wait for their turn; a further one is
   * refused as `rate_limited`.
   */
  waitingMax: 32,
  /** What has waited for its turn for so long is refused as `overloaded`. */
  turnWaitMs: 5_000,
  /** The same of a page of an export, whose answer has begun: it is broken off. */
  exportWaitMs: 60_000,
  /** How long it is remembered what seldom changes of a bucket: its TTL and its incarnation. */
  bucketShapeMs: 5_000,
  /** Requests to the admin port that run when a projector stops are cut off after this. */
  adminCloseMs: 1_000,

  /** Boards in one answer; further files are passed over. */
  boardsMax: 500,
  /** A larger board is refused as `too_large`; a larger file is passed over. */
  boardBytesMax: 200_000,

  /** Changes of one rule that a trial lists; further ones are counted. */
  trialChangesMax: 1_000,
  /** Different keys of one projection that a trial counts; there may be more. */
  trialKeysMax: 1_000_000,
} as const
