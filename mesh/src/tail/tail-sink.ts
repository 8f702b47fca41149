import type { Removal } from '@weir/proto'

/** Receives a source as one log: first the newest entry of each subject, then every later entry. */
export interface TailSink {
  /**
   * An incarnation of the stream begins, or a bucket is read again. All entries received before are
   * void.
   */
  begin(epoch: number): void
  /**
   * One entry, in the order of sequence. The payload is a view that is valid during the call only.
   */
  entry(subject: string, seq: number, payload: Uint8Array, removal: Removal): void
  /**
   * The newest entry of each subject in [first, head] was received; retention has dropped those
   * before. From here on the log is complete.
   */
  loaded(head: number, first: number): void
  /** The stream no longer holds the entries in (from, to]. */
  gap(from: number, to: number): void
}
