import { problem, secureHeaders } from '@weir/mesh/edge'
import { WeirError } from '@weir/proto'
import { idsByHeader } from '../encode/event-id.ts'
import { type Outcome, retryableRejection } from '../encode/outcome.ts'
import type { RejectedRecord } from '../encode/record.ts'
import { ingestLimits } from '../limits.ts'
import type { AnswerHeaders, Dialect } from './dialect.ts'

/** Weir's own: ids by Idempotency-Key, counts in JSON, problems as they are. */
export const eventsDialect: Dialect = {
  name: 'events',
  ids: idsByHeader,
  answer: eventsAnswer,
  refusal: (problem) => problem,
}

/**
 * 200 when anything was stored and nothing has to be sent again; the problem of the first rejected
 * record when nothing was stored; 503 when a record failed for a reason that passes. Each lists
 * what was rejected.
 */
function eventsAnswer(outcome: Outcome, headers: AnswerHeaders | undefined): Response {
  const { accepted, duplicates, rejected } = outcome
  const failure = failureOf(outcome)
  if (failure !== undefined) return failureAnswer(failure, outcome, headers)
  const body =
    rejected.length === 0
      ? `{"accepted":${accepted},"duplicates":${duplicates}}`
      : JSON.stringify({ accepted, duplicates, ...rejectedMembers(rejected) })
  return new Response(body, {
    status: 200,
    headers: headers === undefined ? answerHeaders : { ...jsonHeaders, ...headers },
  })
}

/**
 * The answer to `?ack=none`: 202 with how many were sent to the stream. Nobody waits for what the
 * stream says, so a lost event is lost in silence.
 */
export function unacknowledgedAnswer(
  sent: number,
  rejected: readonly RejectedRecord[],
  headers: AnswerHeaders | undefined,
): Response {
  const [first] = rejected
  if (sent === 0 && first !== undefined) {
    return failureAnswer(first, { accepted: 0, duplicates: 0, rejected }, headers)
  }
  const body = JSON.stringify({ sent, ...(first === undefined ? {} : rejectedMembers(rejected)) })
  return new Response(body, { status: 202, headers: { ...jsonHeaders, ...headers } })
}

export function failureAnswer(
  failure: RejectedRecord,
  { accepted, duplicates, rejected }: Outcome,
  headers: AnswerHeaders | undefined,
): Response {
  return problem(new WeirError(failure.code, failure.message), {
    members: { accepted, duplicates, ...rejectedMembers(rejected) },
    ...(headers === undefined ? {} : { headers }),
  })
}

function failureOf(outcome: Outcome): RejectedRecord | undefined {
  return retryableRejection(outcome) ?? (outcome.accepted === 0 ? outcome.rejected[0] : undefined)
}

function rejectedMembers(rejected: readonly RejectedRecord[]): Record<string, unknown> {
  if (rejected.length <= ingestLimits.rejectedListMax) return { rejected }
  return { rejected: rejected.slice(0, ingestLimits.rejectedListMax), rejectedCount: rejected.length }
}

const jsonHeaders = { 'content-type': 'application/json' } as const
/** Adding those of every answer to an answer costs twice as much as beginning with them. */
const answerHeaders = new Headers({ ...secureHeaders, ...jsonHeaders })
