import type { ErrorCode } from '@weir/proto'

/** What scripts can tell apart. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  unavailable: 3,
  refused: 4,
  notFound: 5,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** For the help and docs/cli.md. */
export const exitCodeMeanings: { readonly [Name in keyof typeof exitCodes]: string } = {
  done: 'done; for a stream: ended by its reader, by --count or by Ctrl-C',
  failed: 'failed, or refused in part, for a reason that another try does not change',
  usage: 'the command line or a setting is wrong',
  unavailable: 'nobody answers, somebody else does, or the answer is "later"',
  refused: 'no token, or one that is expired, not accepted, or does not grant this',
  notFound: 'there is no such thing: a key, a bucket, a tenant',
}

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
    // A name, a filter or a file that the command was given.
    case 'malformed':
    case 'invalid':
      return exitCodes.usage
    case 'method_not_allowed':
    case 'conflict':
    case 'too_large':
    case 'unsupported_type':
    case 'quota_exceeded':
    case 'internal':
      return exitCodes.failed
  }
}
