/**
 * What a producer and a tenant may publish, by whatever door: defaults of settings of ingest and
 * the hub, each of which counts for itself.
 */
export const publishLimits = {
  /** A producer (tenant and subject of its tokens) past this is refused until it has waited. */
  eventsPerSecond: 250_000,
  bytesPerSecond: 134_217_728,
  /** An event with a subject past this number of a tenant's is refused as `quota_exceeded`. */
  subjectsMax: 200_000,
  /** A subject that was not used for one to two of these no longer counts. */
  subjectsWindowMs: 3_600_000,
  /**
   * Producers and tenants that are remembered; past it the one that was idle longest starts anew.
   */
  producersMax: 10_000,
  tenantsMax: 1_000,
} as const

/**
 * Bounds of what the servers share. Each says what happens there; the configurable ones are
 * defaults of a setting.
 */
export const limits = {
  /**
   * Publishing waits this long for a stream's acknowledgement, retries included; then it fails with
   * `unavailable`.
   */
  publishDeadlineMs: 8_000,
  /**
   * The first retry of a publish that nothing came back for; the next waits twice as long. Sooner
   * doubles an overload.
   */
  publishRetryMs: 2_000,
  /**
   * The first retry after the server said that nobody serves the stream (an election); doubles up
   * to the maximum.
   */
  publishRefusedRetryMs: 100,
  publishRefusedRetryMaxMs: 1_000,
  /** How often unanswered publishes are looked at: the precision of the times above. */
  publishSweepMs: 50,
  /** One more unanswered publish fails with `overloaded`. */
  publishInFlightMax: 65_536,
  /**
   * Messages to publish are written into blocks of this size, which go to the socket whole; one
   * that is larger is written by the NATS client.
   */
  frameBlockBytes: 65_536,
  /**
   * Payload bytes that are held for retries; a publish that would pass this fails with
   * `overloaded`.
   */
  publishInFlightBytesMax: 67_108_864,

  /**
   * How often it is looked whether a file of declarations has changed; what it says counts after
   * two looks that see the same.
   */
  reloadMs: 1_000,

  /** A read of a stream, or a question about one, that takes longer fails with `unavailable`. */
  readDeadlineMs: 2_000,
  /**
   * A conditional write, or a read of many messages, that takes longer fails with `unavailable`.
   */
  slowReadDeadlineMs: 5_000,
  /** Lines of a header block that are looked through for one; what stands below is not found. */
  headerLinesMax: 64,
  /**
   * How often unanswered reads and conditional writes are looked at: the precision of their
   * deadlines.
   */
  repliesSweepMs: 250,

  /** A first connection to NATS that takes longer fails the start of the service. */
  natsConnectMs: 5_000,
  /**
   * nats-server closes a connection that has not logged in by then. It is longer than
   * `natsConnectMs`, so that a service gives up first, and longer than the two seconds that are
   * nats-server's default, which are too few on an overloaded machine.
   */
  natsLoginSeconds: 10,
  /**
   * Reconnects are tried for ever: after this and up to as long again; the second part doubles up
   * to the maximum.
   */
  natsReconnectMs: 50,
  natsReconnectMaxMs: 500,
  /** A NATS connection on which two pings in a row stay unanswered is replaced. */
  natsPingMs: 10_000,
  /** A request of the provisioner that takes longer is made again. */
  provisionRequestMs: 2_000,
  /** The first retry of the provisioner, at random up to it; the span doubles up to the maximum. */
  provisionRetryMs: 100,
  provisionRetryMaxMs: 2_000,
  /**
   * The provisioner retries for this long where JetStream has no leader, then fails with
   * `unavailable`.
   */
  provisionDeadlineMs: 30_000,

  /**
   * A second event with the same id within this time is a duplicate. Longer costs the server
   * memory.
   */
  dedupeWindowMs: 120_000,
  /**
   * A message whose NATS headers take more is refused by the stream, with an event of full size.
   */
  headerBytesMax: 1_024,
  /** A ticket that is not used by then is void. */
  ticketMs: 30_000,
  /** A service that is not heard of for this long is gone from the mesh. */
  presenceMs: 15_000,
  /** How often a service says that it is there; a third of the time after which it is gone. */
  presenceEveryMs: 5_000,
  /** Characters of a token's filters that a refusal quotes. */
  grantsQuotedMax: 200,
  /** Characters of the name of an unknown parameter that its refusal quotes. */
  parameterQuotedMax: 64,
  /** Characters of the machine's name in the name of a service; the rest is left out. */
  presenceHostMax: 63,
  /** How long the marker of an expired key can be read; later, only that the key is absent. */
  expiryMarkerMs: 60_000,
  /** The oldest dead letters go beyond these. */
  deadLetterBytesMax: 134_217_728,
  deadLetterAgeMaxMs: 604_800_000,

  /** A put into a bucket that is not acknowledged for so long is sent again. */
  bucketAckMs: 5_000,
  /**
   * The first retry of a put that failed, at random up to it; the span doubles up to the maximum.
   */
  bucketRetryMs: 100,
  bucketRetryMaxMs: 2_000,
  /** Puts in flight and bytes that wait behind them; whoever puts more waits. */
  bucketInFlightMax: 4_096,
  bucketHeldBytesMax: 67_108_864,
  /**
   * Keys whose revision is remembered; one that is forgotten costs a conflict when it is put again.
   */
  bucketKeysMax: 1_000_000,
  /** Messages that a reader of a stream fetches ahead of its handler. */
  readerAheadMax: 4_000,
  /**
   * A reader that is not heard of for so long is removed by the server, and made anew by the client
   * if it lives.
   */
  readerInactiveMs: 60_000,
  /**
   * A reader that waits for what is stored is looked at this often; who got nothing between two
   * looks fails with `unavailable`.
   */
  readerStallMs: 5_000,

  /**
   * Entries that a tail holds while it loads or repairs, and their bytes; what comes past either is
   * read from the stream.
   */
  heldMax: 20_000,
  heldBytesMax: 16_777_216,
  /**
   * How often a tail asks its stream how it stands: a republication that is lost at the end shows
   * in no gap.
   */
  tailPollMs: 2_000,
  /**
   * How long a republication may lag behind the store, or a new leader behind the old one; then
   * what is missing is lost.
   */
  tailGraceMs: 250,
  /**
   * The first retry of a comparison that failed, at random up to it; the span doubles up to the
   * maximum.
   */
  tailRetryMs: 100,
  tailRetryMaxMs: 1_000,
  /**
   * Subjects whose strings are kept, a power of two; another with the same hash takes the place.
   */
  subjectPlaces: 16_384,
  /** What one read of a repair asks for. */
  tailReadMessages: 4_000,
  tailReadBytes: 4_194_304,

  /** WEIR_PORT_BASE is refused past this, so that the last port of the table is still one. */
  portBaseMax: 65_500,
  /**
   * A connection without a request for this long is closed. More than the 60 s of common load
   * balancers.
   */
  httpIdleMs: 75_000,
  /** How often a server that closes looks for connections whose last request has ended. */
  httpCloseIdleMs: 25,

  /**
   * The event loop's lag is sampled this often, and its percentiles include it. Every 10 ms would
   * cost 1% of a core.
   */
  eventLoopSampleMs: 100,

  /** A longer token is refused as `unauthenticated`, before any cryptography. */
  tokenBytesMax: 16_384,
  /** A token with a longer `sub` is refused as `unauthenticated`. */
  tokenSubjectMax: 255,
  /** A token with more filters of one kind is refused as `unauthenticated`. */
  tokenFiltersMax: 64,
  /**
   * Verified tokens that are remembered; past this the least recently used is verified again when
   * it comes back.
   */
  tokenCacheMax: 4_096,
  /**
   * Lists of filters that are kept once for all tokens which grant them; past this the list that
   * was used least recently is kept once a token.
   */
  grantsSharedMax: 256,
  /**
   * Disconnected subjects whose tokens are refused; past it, the one that was disconnected longest
   * ago may come back.
   */
  denialsMax: 1_000,
  /** A secret for HS256 that is shorter stops the service at its start (RFC 7518 section 3.2). */
  jwtSecretBytesMin: 32,
  /**
   * A token that lives longer is refused as `unauthenticated`. The default of
   * WEIR_TOKEN_LIFE_SECONDS.
   */
  tokenLifeMs: 31_622_400_000,
  /**
   * A key set that takes longer cannot be read: `unavailable` for whoever needs a key that is not
   * known.
   */
  jwksTimeoutMs: 5_000,
  /** A larger key set cannot be read. */
  jwksBytesMax: 262_144,
  /** A key set is asked for no more often; meanwhile a key that is not known is `unavailable`. */
  jwksAskMs: 1_000,
  /**
   * A key set is read this often, so that a key that was withdrawn is one everywhere soon after.
   */
  jwksRefreshMs: 30_000,

  /** A larger file of declarations (projections, routes) is refused. */
  yamlBytesMax: 1_048_576,
  /** What the aliases of such a file stand for, together; more is refused. */
  yamlAliasesMax: 100,

  /** Spans past this in one second are not made; the work that they are of goes on. */
  tracesPerSecond: 200,
  /** Spans that wait for export; more are dropped. */
  tracesQueued: 2_048,
  /** How often spans are exported. */
  traceExportEveryMs: 2_000,
  /** An export that takes longer is given up, with its spans. */
  traceExportMs: 5_000,
} as const
