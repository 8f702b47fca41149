import type { EventIds } from '../encode/event-id.ts'
import type { Outcome } from '../encode/outcome.ts'

/** Headers that an answer has beside its own. */
export type AnswerHeaders = Readonly<Record<string, string>>

/** Of a request, for the headers of its answer. */
export interface RequestTally {
  /** Exemplars of metrics, which are not kept. */
  readonly exemplars: number
  headers(outcome: Outcome): AnswerHeaders
}

/**
 * The seam of protocols: how the requests of one are told apart when they are repeated, and how
 * they are answered.
 */
export interface Dialect {
  readonly name: 'events' | 'otlp' | 'influx' | 'prometheus'
  /**
   * Ids for the records that come without. `dedupe` says whether the same bytes again are a
   * repeated request.
   */
  ids(headers: Headers, body: Uint8Array, dedupe: boolean): EventIds | Promise<EventIds>
  /**
   * The answer to a request whose records the stream has answered for, in the media type of the
   * request. What is no success is a problem, which `refusal` turns into the protocol's own.
   */
  answer(outcome: Outcome, headers: AnswerHeaders | undefined, mediaType: string): Response
  /**
   * A problem (RFC 9457) as this protocol has it; `mediaTypes` are those that its endpoint takes.
   */
  refusal(problem: Response, mediaType: string, mediaTypes: readonly string[]): Response | Promise<Response>
}
