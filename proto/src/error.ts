/**
 * The one error of Weir. Its code is stable and part of the protocol; its message is for people and
 * says what to do. The cause is for the log alone and is never sent.
 */
export class WeirError extends Error {
  override readonly name = 'WeirError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }

  /** Whether the same request may succeed later without a change. */
  get retryable(): boolean {
    return isRetryable(this.code)
  }
}

/** The closed list of error codes. */
export const errorCodes = [
  'malformed',
  'invalid',
  'unauthenticated',
  'token_expired',
  'revoked',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'conflict',
  'too_large',
  'unsupported_type',
  'rate_limited',
  'quota_exceeded',
  'slow_body',
  'overloaded',
  'unavailable',
  'draining',
  'stalled',
  'internal',
] as const

export type ErrorCode = (typeof errorCodes)[number]

export function isErrorCode(value: string): value is ErrorCode {
  return (errorCodes as readonly string[]).includes(value)
}

/** Whether what failed with this code may be tried again unchanged. */
export function isRetryable(code: ErrorCode): boolean {
  return retryableCodes.includes(code)
}

const retryableCodes: readonly ErrorCode[] = [
  'rate_limited',
  'slow_body',
  'overloaded',
  'unavailable',
  'draining',
  'stalled',
]

/** The HTTP status (RFC 9110) that answers a request which failed with this code. */
export function httpStatus(code: ErrorCode): HttpErrorStatus {
  switch (code) {
    case 'malformed':
      return 400
    case 'invalid':
      return 422
    case 'unauthenticated':
    case 'token_expired':
    case 'revoked':
      return 401
    case 'forbidden':
      return 403
    case 'not_found':
      return 404
    case 'method_not_allowed':
      return 405
    case 'slow_body':
    case 'stalled':
      return 408
    case 'conflict':
      return 409
    case 'too_large':
      return 413
    case 'unsupported_type':
      return 415
    case 'rate_limited':
    case 'quota_exceeded':
      return 429
    case 'overloaded':
    case 'unavailable':
    case 'draining':
      return 503
    case 'internal':
      return 500
  }
}

export type HttpErrorStatus = 400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 415 | 422 | 429 | 500 | 503

/**
 * The WebSocket close code (RFC 6455 section 7.4) for this code. The range alone tells a client
 * what to do: 3000-3499 reconnect, 3500-3999 do not.
 */
export function closeCode(code: ErrorCode): number {
  switch (code) {
    case 'overloaded':
      return 3000
    case 'unavailable':
      return 3001
    case 'draining':
      return 3002
    case 'stalled':
      return 3003
    case 'rate_limited':
      return 3004
    case 'internal':
      return 3005
    case 'token_expired':
      return 3006
    case 'malformed':
      return 3500
    case 'invalid':
      return 3501
    case 'unauthenticated':
      return 3502
    case 'revoked':
      return 3503
    case 'forbidden':
      return 3504
    case 'too_large':
      return 3505
    case 'slow_body':
      return 3506
    case 'quota_exceeded':
      return 3507
    case 'conflict':
      return 3508
    case 'unsupported_type':
      return 3509
    case 'not_found':
      return 3510
    case 'method_not_allowed':
      return 3511
  }
}

/**
 * Whether a client that was closed with this code should connect again. Codes outside 3500-3999
 * mean yes.
 */
export function shouldReconnect(code: number): boolean {
  return code < 3500 || code > 3999
}

/** Any thrown value as a WeirError: itself, or `internal` with the value as the cause. */
export function asWeirError(thrown: unknown): WeirError {
  if (thrown instanceof WeirError) return thrown
  return new WeirError('internal', 'Something went wrong here, not in your request. The log has the cause.', {
    cause: thrown,
  })
}
