import { type ErrorCode, isErrorCode, isRetryable, type WeirError } from '@weir/proto'
import { httpError, type Members, membersOf } from '../platform/http-error.ts'

/** What ingest answered to a batch, item by item. */
export interface IngestAnswer {
  /** Why the whole was not taken; undefined when it was, but for what is rejected. */
  readonly error: WeirError | undefined
  /** Whether what `error` refused may be sent again unchanged. */
  readonly mayRetry: boolean
  /**
   * Every item that was not stored, with the reason; undefined when the answer does not list them
   * all.
   */
  readonly rejected: readonly RejectedItem[] | undefined
  /** How long to wait before the next attempt, if the answer says so. */
  readonly retryAfterMs: number | undefined
}

export interface RejectedItem {
  /** Its place in the batch. */
  readonly index: number
  readonly code: ErrorCode
  readonly message: string
}

/** Reads the answer to `POST /v1/events`. A body that is not as expected counts as none. */
export async function ingestAnswer(response: Response, nowMs: number): Promise<IngestAnswer> {
  const members = membersOf(await response.text().catch(() => ''))
  const error = response.ok ? undefined : httpError(response.status, members)
  return {
    error,
    // An intermediary's 5xx is no verdict on the events either.
    mayRetry: error !== undefined && (response.status >= 500 || isRetryable(error.code)),
    rejected: rejectedItems(members) ?? (response.ok ? [] : undefined),
    retryAfterMs: retryAfterMs(response.headers.get('retry-after'), nowMs),
  }
}

function rejectedItems({ rejected, rejectedCount }: Members): RejectedItem[] | undefined {
  if (!Array.isArray(rejected) || rejectedCount !== undefined) return undefined
  return rejected.map((item: { index?: unknown; code?: unknown; message?: unknown }) => ({
    index: Number(item.index),
    code: typeof item.code === 'string' && isErrorCode(item.code) ? item.code : 'internal',
    message: String(item.message),
  }))
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined
  const milliseconds = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds)
}
