/**
 * The bounds that are part of the protocol: the same for every server and client, so none is
 * configurable.
 */
export const limits = {
  /** A longer subject or filter is refused as `malformed`. */
  subjectBytesMax: 255,
  /** A subject or filter of more tokens is refused as `malformed`. */
  subjectTokensMax: 16,
  /** A larger encoded Event is refused as `too_large`; the other records of its batch are not. */
  eventBytesMax: 262_144,
  /** A longer tenant name is refused as `malformed`: it becomes part of stream and bucket names. */
  tenantBytesMax: 32,
  /** A longer name of a source is refused as `malformed`. */
  sourceBytesMax: 64,
  /** Streams of the events of one tenant; a cursor of more positions is refused as `malformed`. */
  shardsMax: 16,
  /**
   * JSON under an event's `data` that is nested deeper is refused as `malformed`: readers of it
   * recurse.
   */
  jsonDepthMax: 64,
  /** Groups of unknown fields that are nested deeper make a message `malformed`. */
  groupDepthMax: 32,
  /** A silence that ends longer after its event is refused as `invalid`. */
  silenceMs: 2_592_000_000,
  /** Characters of who silences, and why; more are refused as `invalid`. */
  silenceByMax: 256,
  silenceCommentMax: 1_024,
  /** Values of one field of a matcher of alerts, and labels; more are refused as `invalid`. */
  matchValuesMax: 64,
} as const

/** The tenant of a mesh that has only one. */
export const defaultTenant = 'main'
