import type { Removal } from '@weir/proto'

/**
 * Receives a source as one log: the newest entry of each subject first, then everything that
 * follows.
 */
export interface TailSink {
  /** An incarnation of the stream begins, or a bucket is read again; whatever was held is void. */
  begin(epoch: number): void
  /** One entry, in the order of seq. The payload is a view that is good during the call only. */
  entry(subject: string, seq: number, payload: Uint8Array, removal: Removal): void
  /**
   * Everything in [first, head] that is the newest of its subject was handed on, and what was
   * before has been dropped by retention; from here on the log is complete.
   */
  loaded(head: number, first: number): void
  /** The entries in (from, to] cannot be had: the stream no longer holds them. */
  gap(from: number, to: number): void
}
