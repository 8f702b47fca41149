import { problem } from '@weir/mesh/edge'
import { type ErrorCode, WeirError } from '@weir/proto'
import type { Dialect } from '../../answers/dialect.ts'
import { failureAnswer } from '../../answers/events-answer.ts'
import { idsByHeader } from '../../encode/event-id.ts'
import { retryableRejection } from '../../encode/outcome.ts'
import type { RejectedRecord } from '../../encode/record.ts'
import { ingestLimits } from '../../limits.ts'

/**
 * InfluxDB's answers: 204, or an object with `code` and `message` as of version 2 and `error` as of
 * version 1. Where some lines are bad the others are stored, and 400 says which were not.
 */
export const influxDialect: Dialect = {
  name: 'influx',
  ids: idsByHeader,
  answer(outcome, headers) {
    const { accepted, rejected } = outcome
    const failure = retryableRejection(outcome) ?? (accepted === 0 ? rejected.find(isNoLine) : undefined)
    if (failure !== undefined) return failureAnswer(failure, outcome, headers)
    if (rejected.length === 0) return new Response(null, { status: 204, headers: { ...headers } })
    const reasons = rejected.slice(0, ingestLimits.reasonsMax).map(({ message }) => message)
    const message = `partial write: ${reasons.join(' ')} dropped=${rejected.length}`
    return problem(new WeirError('malformed', message), headers === undefined ? {} : { headers })
  },
  async refusal(answer) {
    const { code = 'internal', detail = '' } = (await answer.json()) as { code?: ErrorCode; detail?: string }
    const headers = new Headers(answer.headers)
    headers.set('content-type', 'application/json')
    const body = JSON.stringify({ code: codes[code] ?? 'invalid', message: detail, error: detail })
    return new Response(body, { status: answer.status === 422 ? 400 : answer.status, headers })
  },
}

/** Whether a record was rejected for another reason than what its line says. */
function isNoLine({ code }: RejectedRecord): boolean {
  return code !== 'malformed' && code !== 'invalid'
}

/** The codes of InfluxDB 2; `invalid` for all others. */
const codes: Partial<Record<ErrorCode, string>> = {
  unauthenticated: 'unauthorized',
  token_expired: 'unauthorized',
  revoked: 'unauthorized',
  forbidden: 'forbidden',
  not_found: 'not found',
  too_large: 'request too large',
  rate_limited: 'too many requests',
  quota_exceeded: 'too many requests',
  unsupported_type: 'unsupported media type',
  slow_body: 'unavailable',
  overloaded: 'unavailable',
  unavailable: 'unavailable',
  draining: 'unavailable',
  internal: 'internal error',
}
