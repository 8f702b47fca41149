import type { StreamState } from '../streams/stream-state.ts'

/** What a tail knew when it asked the stream how it stands. */
export interface Known {
  readonly epoch: number
  /** The sequence that was handed on last, when the question was sent and now. */
  readonly askedHead: number
  readonly head: number
  /** Whether entries are handed on as they arrive. */
  readonly flowing: boolean
  /** Since everything was there that the stream had. */
  readonly uncomparedMs: number
  /** For how long a removal can surely be read; undefined for a source that removes nothing. */
  readonly markersMs: number | undefined
}

export type Comparison =
  /**
   * What was handed on is not what the stream holds: all of it is loaded again. `reset`: it was
   * void, not only in doubt.
   */
  | { readonly kind: 'void'; readonly reset: boolean; readonly why: string }
  /** What is missing is usually on its way. */
  | { readonly kind: 'late' }
  /**
   * Everything up to the stream's last is to be handed on, from what is held or from the stream.
   */
  | { readonly kind: 'repair' }

/** How what was handed on stands to the stream. Pure. */
export function compareWithStream({ epoch, lastSeq }: StreamState, known: Known): Comparison {
  if (epoch !== known.epoch) {
    return { kind: 'void', reset: true, why: 'the stream was made anew: every cursor of it starts again' }
  }
  if (lastSeq < known.askedHead) {
    return { kind: 'void', reset: true, why: 'the stream was set back, as by a backup: what it had after that is void' }
  }
  // Markers of keys that expired have a time to live themselves; after it nothing but the whole
  // table tells what is gone.
  if (known.markersMs !== undefined && lastSeq > known.head && known.uncomparedMs > known.markersMs) {
    return { kind: 'void', reset: false, why: 'NATS was away for so long that the whole bucket is read again' }
  }
  return known.flowing && lastSeq > known.head ? { kind: 'late' } : { kind: 'repair' }
}

/** Whether a stream is not the one it was, or was set back. */
export function isAnother(now: StreamState, before: StreamState): boolean {
  return now.epoch !== before.epoch || now.lastSeq < before.lastSeq
}
