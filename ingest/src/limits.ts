import { publishLimits } from '@weir/mesh/edge'

/**
 * The bounds of ingest, each with what happens there. Those with a setting of the same name are
 * only its default.
 */
export const ingestLimits = {
  /**
   * A larger body, also once unpacked, is refused as `too_large`. Setting WEIR_INGEST_BODY_BYTES.
   */
  bodyBytesMax: 8_388_608,
  /**
   * Bodies, and the events that they become, at one time. A producer holds a third of it at most,
   * less when others hold some (admission/fair-budget.ts); more is refused as `overloaded`. Setting
   * WEIR_INGEST_BODIES_BYTES.
   */
  bodiesBytesMax: 268_435_456,
  /**
   * A body of this declared length is reserved whole before it is read; a longer one as it comes.
   */
  bodyAtOnceBytesMax: 262_144,
  /** A body in more codings than these is refused as `unsupported_type`. */
  codingsMax: 3,
  /** Bodies that are unpacked at one time; others wait, and senders take turns. */
  unpackingMax: 4,
  /** What is reserved at first for a body that is to be unpacked. */
  unpackStepBytes: 65_536,
  /** How many times larger the next step is, where that was not enough. */
  unpackStepGrowth: 8,
  /**
   * Bytes of the events of one request; further ones are rejected as `too_large`. Attributes of a
   * resource are in each.
   */
  eventsBytesMax: 67_108_864,
  /**
   * Records on their way to the stream, shared as the memory is. More of a producer are refused as
   * `overloaded`.
   */
  recordsInFlightMax: 131_072,
  /** A request with more records is refused as `too_large`. */
  recordsMax: 20_000,
  /**
   * A body that has not arrived whole after this is refused as `slow_body`. Setting
   * WEIR_INGEST_BODY_SECONDS.
   */
  bodyMs: 10_000,
  /**
   * A producer past this is refused as `rate_limited` until it has waited. Setting
   * WEIR_INGEST_EVENTS_PER_SECOND.
   */
  eventsPerSecond: publishLimits.eventsPerSecond as number,
  /** The same for bytes of bodies, unpacked. Setting WEIR_INGEST_BYTES_PER_SECOND. */
  bytesPerSecond: publishLimits.bytesPerSecond as number,
  /**
   * An event with a subject past this number of a tenant's is rejected as `quota_exceeded`. Setting
   * WEIR_INGEST_SUBJECTS.
   */
  subjectsMax: publishLimits.subjectsMax as number,
  /** A subject that was not used for one to two of these no longer counts. */
  subjectsWindowMs: publishLimits.subjectsWindowMs as number,
  /**
   * A time that is further ahead of the clock here is rejected as `invalid`. Setting
   * WEIR_INGEST_AHEAD_SECONDS.
   */
  aheadMs: 86_400_000,
  /** A larger body of a beacon is refused; browsers send no more than 64 KiB. */
  beaconBytesMax: 65_536,
  /** Bodies of beacons that are being read; what would be more is refused as `overloaded`. */
  beaconsBytesMax: 16_777_216,
  /** Places that the answer to a wrong path names; GET / names all. */
  pathsNamedMax: 20,
  /**
   * Signatures with a time that are remembered by each route, so that each is good once; past it
   * the oldest may be again.
   */
  signaturesMax: 100_000,
  /** Further signatures in one header are not tried. */
  signaturesInHeaderMax: 8,
  /** A route with more keys is refused at the start. */
  signatureKeysMax: 8,
  /**
   * A longer Idempotency-Key is refused as `malformed`: with `:<index>` after it, it is an event's
   * id.
   */
  idempotencyKeyBytesMax: 112,
  /**
   * So many rejected records are listed in an answer; `rejectedCount` tells how many there were.
   */
  rejectedListMax: 1000,
  /** A request of remote write 2.0 with more symbols is refused as `too_large`. */
  symbolsMax: 200_000,
  /** A native histogram with more buckets is rejected. */
  histogramBucketsMax: 250,
  /** An OTLP data point with more attributes is rejected, as they become labels. */
  otlpAttributesMax: 64,
  /** An OTLP attribute value nested deeper rejects its record. */
  otlpValueDepthMax: 16,
  /**
   * So many different reasons are in one message of OTLP or InfluxDB; further ones are left out.
   */
  reasonsMax: 16,
  /**
   * UTF-16 units of the series of a protocol whose subjects are remembered; past it all are
   * forgotten and made anew.
   */
  seriesUnitsMax: 16_777_216,
  /**
   * UTF-16 units of the texts of remote write 2.0 that have a number; past it all get other ones,
   * and the series that they name are made anew.
   */
  symbolUnitsMax: 16_777_216,
  /** Longer keys of series are made unit by unit, as a call takes only so many arguments. */
  symbolsKeyUnitsMax: 1024,
  /**
   * Sets of metrics whose encoding is remembered for the series that have them; past it all are
   * forgotten and made anew.
   */
  readingShapesMax: 1024,
  /** A reading of a series with more metrics takes the slower way to its bytes. */
  readingShapeMetricsMax: 64,
  /**
   * Labels of one event, by the rules of event.proto; attributes past it are cut, which a label
   * says.
   */
  labelsMax: 64,
  /** An attribute with a longer name is no label, which a label says. */
  labelNameBytesMax: 128,
  /** The end of a longer attribute is cut, which a label says. */
  labelValueBytesMax: 2048,
  /** Content-Type headers that are remembered; past it they are parsed anew. */
  contentTypesMax: 256,
  /** How often bodies that have not arrived are looked through for those that are late. */
  bodySweepMs: 250,
  /** An event that the store refuses is logged, and further ones within this time are not. */
  refusalLogMs: 10_000,
  /** Tokens whose rates are remembered; past it the one that was idle longest starts anew. */
  rateTokensMax: 10_000,
  /**
   * Where the store does not say so soon whether there is a tenant, a request goes on as if there
   * were.
   */
  tenantAnswerMs: 1000,
  /** A tenant that is missing is asked about again after this. */
  tenantMissingMs: 5000,
  /** Subjects whose stored name is remembered; past it all are forgotten and made anew. */
  subjectHashesMax: 20_000,
  /** Connections of MQTT at one time; a further one is closed at once. */
  mqttConnectionsMax: 20_000,
  /** A client of MQTT that has not sent its CONNECT by then is closed. */
  mqttConnectMs: 10_000,
  /** A larger CONNECT, with its token and its will, closes the connection. */
  mqttConnectBytesMax: 65_536,
  /** A larger packet of MQTT closes the connection: an event, its topic and its properties. */
  mqttPacketBytesMax: 327_680,
  /**
   * Messages of a client that are on their way to the stream; nothing more is read from it
   * meanwhile.
   */
  mqttInFlightMax: 1000,
  /**
   * Bytes that a client of MQTT has not taken; nothing more is read from it, or for it, meanwhile.
   */
  mqttUnsentBytesMax: 262_144,
  /** What a hub may send for one client of MQTT before that has taken it. */
  mqttWindowBytes: 262_144,
  /** Topic filters of one client of MQTT; SUBACK refuses further ones. */
  mqttFiltersMax: 32,
  /** Between two attempts to reach a hub; the span doubles up to the maximum. */
  mqttHubRetryMs: 250,
  mqttHubRetryMaxMs: 15_000,
  /**
   * A connection of MQTT that is to end and whose client does not take the last bytes is cut off.
   */
  mqttCloseMs: 2000,
  /** How often connections of MQTT are looked through for those that are silent or expired. */
  mqttSweepMs: 1000,
  /** The text of a refusal in MQTT 5 is cut there. */
  mqttReasonTextMax: 512,
  /** Of a message that was refused, each text is cut there. */
  mqttRefusalTextMax: 512,
  /** So is the sender in the subject of it. */
  mqttRefusalTokenMax: 128,
  /** And its payload there. */
  mqttRefusedBytesMax: 65_536,
  /** Tenants whose subjects are counted; past it the one that was idle longest starts anew. */
  quotaTenantsMax: 1000,
} as const
