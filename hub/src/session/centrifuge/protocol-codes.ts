import { type ErrorCode, isRetryable, type WeirError } from '@weir/proto'

/** An error in a reply. */
export interface ReplyError {
  readonly code: number
  readonly message: string
  readonly temporary?: boolean
}

/** What a request is answered that failed: one of the protocol's codes, and our own words. */
export function replyError({ code, message }: WeirError): ReplyError {
  return { code: replyCode(code), message, ...(isRetryable(code) || code === 'internal' ? { temporary: true } : {}) }
}

/** There is no such thing here, and that will not change. */
export function notAvailable(message: string): ReplyError {
  return { code: 108, message }
}

/** The position of a history is not one from which nothing is missing. */
export function unrecoverable(message: string): ReplyError {
  return { code: 112, message }
}

function replyCode(code: ErrorCode): number {
  switch (code) {
    case 'unauthenticated':
    case 'revoked':
      return 101
    case 'not_found':
      return 102
    case 'forbidden':
      return 103
    case 'method_not_allowed':
      return 104
    case 'conflict':
      return 105
    case 'quota_exceeded':
    case 'too_large':
      return 106
    case 'malformed':
    case 'invalid':
    case 'unsupported_type':
      return 107
    case 'token_expired':
      return 109
    case 'rate_limited':
    case 'slow_body':
      return 111
    case 'overloaded':
    case 'unavailable':
    case 'draining':
    case 'stalled':
    case 'internal':
      return 100
  }
}

/**
 * The code with which a connection is closed, in the protocol's ranges: clients connect again after
 * 3000 to 3499, and do not after 3500 to 3999.
 */
export function disconnectCode(why: ErrorCode | 'restart'): number {
  switch (why) {
    case 'draining':
    case 'restart':
      return 3001
    case 'internal':
    case 'unavailable':
    case 'overloaded':
      return 3004
    case 'token_expired':
      return 3005
    case 'stalled':
      return 3008
    case 'rate_limited':
    case 'slow_body':
      return 3013
    case 'unauthenticated':
      return 3500
    case 'malformed':
    case 'invalid':
    case 'too_large':
    case 'unsupported_type':
    case 'conflict':
    case 'not_found':
      return 3501
    case 'revoked':
      return 3503
    case 'quota_exceeded':
      return 3505
    case 'forbidden':
      return 3507
    case 'method_not_allowed':
      return 3508
  }
}

/** A push that ends a subscription; from 2500 on the client subscribes again, with its position. */
export const unsubscribed = {
  /** The token no longer grants it. */
  notGranted: { code: 2000, reason: 'the renewed token does not grant this channel' },
  /** Something was lost, or began anew: the answer to the next subscribe says so. */
  insufficientState: { code: 2500, reason: 'insufficient state' },
} as const
