import type { ErrorCode } from '@weir/proto'

/** What scripts can tell apart. */
export const exitCodes = {
  done: 0,
  /** Anything without a number of its own. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** No answer, or one that means "later": worth another try. */
  unavailable: 3,
  /** No token, or one that has expired, is not accepted, or does not grant this. */
  refused: 4,
  notFound: 5,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

export function exitCode(code: ErrorCode): ExitCode {
  switch (code) {
    case 'unavailable':
    case 'overloaded':
    case 'draining':
    case 'rate_limited':
    case 'stalled':
    case 'slow_body':
      return exitCodes.unavailable
    case 'unauthenticated':
    case 'token_expired':
    case 'revoked':
    case 'forbidden':
      return exitCodes.refused
    case 'not_found':
      return exitCodes.notFound
    case 'malformed':
    case 'invalid':
    case 'method_not_allowed':
    case 'conflict':
    case 'too_large':
    case 'unsupported_type':
    case 'quota_exceeded':
    case 'internal':
      return exitCodes.failed
  }
}
