import { isRetryable } from '@weir/proto'
import type { RejectedRecord } from './record.ts'

/** What became of the records of one request. */
export interface Outcome {
  /** How many are in the stream, duplicates among them. */
  readonly accepted: number
  /** How many of the accepted were in the stream before. */
  readonly duplicates: number
  /** In the order of their indexes. */
  readonly rejected: readonly RejectedRecord[]
}

/**
 * The first record that was rejected for a reason that passes, so that the request is to be sent
 * again.
 */
export function retryableRejection(outcome: Outcome): RejectedRecord | undefined {
  for (const record of outcome.rejected) if (isRetryable(record.code)) return record
  return undefined
}
