/**
 * What a state of an alert comes from: the last event of its key that counted, and the time that
 * had come by then.
 */
export interface Cause {
  /** Incarnation of the source. */
  readonly epoch: number
  /** The event's sequence in the source. */
  readonly seq: number
  /** When the event was stored, or when time alone changed the state after it. */
  readonly atMs: number
}

/**
 * Whether who knows the one knows more than who knows the other. Of two sources or incarnations
 * neither knows less.
 */
export function isLater(one: Cause, other: Cause): boolean {
  if (one.epoch !== other.epoch) return true
  return one.seq === other.seq ? one.atMs > other.atMs : one.seq > other.seq
}
