import type { Dialect } from '../../answers/dialect.ts'
import { failureAnswer } from '../../answers/events-answer.ts'
import { idsByHeader } from '../../encode/event-id.ts'
import { retryableRejection } from '../../encode/outcome.ts'

/**
 * Prometheus remote write: 204; 4xx with a text for what is not to be sent again, though the
 * good samples of the request are stored; 5xx and 429 for what is.
 */
export const remoteWriteDialect: Dialect = {
  name: 'prometheus',
  ids: idsByHeader,
  answer(outcome, headers) {
    const failure = retryableRejection(outcome) ?? outcome.rejected[0]
    if (failure !== undefined) return failureAnswer(failure, outcome, headers)
    return new Response(null, { status: 204, headers: { ...headers } })
  },
  async refusal(problem) {
    const { detail = '', rejected = [] } = (await problem.json()) as { detail?: string; rejected?: readonly unknown[] }
    const headers = new Headers(problem.headers)
    headers.set('content-type', 'text/plain; charset=utf-8')
    const count = rejected.length === 0 ? '' : ` (${rejected.length} samples were not stored)`
    return new Response(`${detail}${count}\n`, { status: problem.status === 422 ? 400 : problem.status, headers })
  },
}
