import type { ErrorCode } from '@weir/proto'

/** One record of a request, ready for the stream. */
export interface SealedRecord {
  /** Its place in the request, from 0. */
  readonly index: number
  readonly subject: string
  /** The event's id; with the subject it is the identity by which the stream knows a duplicate. */
  readonly id: string
  /**
   * The encoded weir.v1.Event: complete (it has an id and a time) and valid by the rules of
   * event.proto.
   */
  readonly event: Uint8Array
}

/** One record that will not be stored, and why. */
export interface RejectedRecord {
  readonly index: number
  readonly code: ErrorCode
  /** For people; says what to do. */
  readonly message: string
}

export type IngestRecord = SealedRecord | RejectedRecord

export function isRejected(record: IngestRecord): record is RejectedRecord {
  return 'code' in record
}
