import { type ErrorCode, isErrorCode, WeirError } from '@weir/proto'

/** The members of an answer's JSON object; none when its body is something else. */
export type Members = Readonly<Record<string, unknown>>

/** The members of a text that is a JSON object. */
export function membersOf(text: string): Members {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? { ...body } : {}
  } catch {
    return {}
  }
}

/**
 * The error that an HTTP answer tells: problem+json (RFC 9457) with Weir's code, or what its status
 * means.
 */
export function httpError(status: number, { code, detail }: Members): WeirError {
  return new WeirError(
    typeof code === 'string' && isErrorCode(code) ? code : codeOfStatus(status),
    typeof detail === 'string'
      ? detail
      : `The server answered ${status}, and not in the words of Weir: is its address right?`,
  )
}

/** For answers that were written by something between, which knows no codes of Weir. */
function codeOfStatus(status: number): ErrorCode {
  switch (status) {
    case 400:
      return 'malformed'
    case 401:
      return 'unauthenticated'
    case 403:
      return 'forbidden'
    case 404:
      return 'not_found'
    case 405:
      return 'method_not_allowed'
    case 408:
      return 'slow_body'
    case 413:
      return 'too_large'
    case 415:
      return 'unsupported_type'
    case 422:
      return 'invalid'
    case 429:
      return 'rate_limited'
    case 502:
    case 503:
    case 504:
      return 'unavailable'
    default:
      return 'internal'
  }
}
