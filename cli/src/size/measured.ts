/**
 * What things cost, as bench/results has it: two shared cores of a cloud machine, events of 200
 * bytes. A test holds each beside its figure. CPU is in microseconds of one core.
 */
export const measured = {
  /** Ingest, an event that comes alone in its request, and one in a batch of hundreds. */
  ingestSingleMicros: 28.6,
  ingestBatchMicros: 3.9,
  /**
   * nats-server, to store and republish an event; the same for each copy, which is an assumption.
   */
  natsEventMicros: 10.6,
  /** nats-server, for each further hub that hears an event. */
  natsHubMicros: 1.44,
  /** nats-server, for a value that the projector puts into a bucket. */
  natsPutMicros: 16.8,
  /** A hub, for an event that arrives. */
  hubEventMicros: 5.5,
  /** A hub, for a frame to a subscriber of its own channel; most of it is the kernel's send. */
  hubFrameMicros: 13.7,
  /** A hub, for one more entry in the batch of a shared channel. */
  hubEntryMicros: 0.074,
  /** Memory of a hub for a connection in a channel of its own. */
  hubConnectionBytes: 1_794,
  /** A hub, for a client that resumes. */
  hubResumeMicros: 680,
  /** The projector, for an event of one of 100,000 keys, and for a row of the history. */
  projectorEventMicros: 12.2,
  projectorRowMicros: 17.5,
  /** Postgres, for a row. */
  postgresRowMicros: 11.7,
  /** Events a second that one stream has taken. */
  streamEventsMax: 100_671,
} as const
