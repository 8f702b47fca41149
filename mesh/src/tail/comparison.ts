import type { StreamState } from '../streams/stream-state.ts'

/** The state of a tail when it asked the stream for its state. */
export interface Known {
  readonly epoch: number
  /** The last sequence that the tail had handed on: when it sent the question, and now. */
  readonly askedHead: number
  readonly head: number
  /** Whether the tail hands entries on as they arrive. */
  readonly flowing: boolean
  /** Milliseconds since the tail last had everything that the stream had. */
  readonly uncomparedMs: number
  /**
   * How many milliseconds a removal is certain to stay readable; undefined for a source without
   * removals.
   */
  readonly markersMs: number | undefined
}

export type Comparison =
  /**
   * The entries that were handed on are not those of the stream, so the tail loads everything
   * again. `reset` says that they are known to be void, not only in doubt.
   */
  | { readonly kind: 'void'; readonly reset: boolean; readonly why: string }
  /** Entries are missing that are usually still on their way. */
  | { readonly kind: 'late' }
  /**
   * The tail has to hand on everything up to the stream's last sequence, from the held entries or
   * from the stream.
   */
  | { readonly kind: 'repair' }

/** Compares what a tail has handed on with the state of the stream. It is a pure function. */
export function compareWithStream({ epoch, lastSeq }: StreamState, known: Known): Comparison {
  if (epoch !== known.epoch) {
    return { kind: 'void', reset: true, why: 'the stream was made anew: every cursor of it starts again' }
  }
  if (lastSeq < known.askedHead) {
    return { kind: 'void', reset: true, why: 'the stream was set back, as by a backup: what it had after that is void' }
  }
  // Markers of expiry have a time to live themselves. When they may be gone, only the whole table
  // tells which keys were removed.
  if (known.markersMs !== undefined && lastSeq > known.head && known.uncomparedMs > known.markersMs) {
    return { kind: 'void', reset: false, why: 'NATS was away for so long that the whole bucket is read again' }
  }
  return known.flowing && lastSeq > known.head ? { kind: 'late' } : { kind: 'repair' }
}

/** Whether a stream was made anew or set back since an earlier state. */
export function isAnother(now: StreamState, before: StreamState): boolean {
  return now.epoch !== before.epoch || now.lastSeq < before.lastSeq
}
