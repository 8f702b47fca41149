import type { AnswerHeaders } from './answer.ts'
import { eventsAnswer } from './answer.ts'
import { type EventIds, idsByBody, idsByHeader } from './event-id.ts'
import { eventFormats, type Formats, logsFormats, metricsFormats, subjectFormats } from './formats.ts'
import type { Outcome } from './intake.ts'
import { otlpLogsAnswer, otlpMetricsAnswer } from './otlp/answer.ts'

/** What differs between the paths that producers post to. */
export interface Endpoint {
  readonly formats: Formats
  /** Ids for the records that come without. */
  ids(headers: Headers, body: Uint8Array): EventIds | Promise<EventIds>
  answer(outcome: Outcome, headers: AnswerHeaders | undefined, mediaType: string): Response
}

export const eventsEndpoint: Endpoint = { formats: eventFormats, ids: idsByHeader, answer: eventsAnswer }
export const subjectEndpoint: Endpoint = { formats: subjectFormats, ids: idsByHeader, answer: eventsAnswer }
export const metricsEndpoint: Endpoint = { formats: metricsFormats, ids: idsByBody, answer: otlpMetricsAnswer }
export const logsEndpoint: Endpoint = { formats: logsFormats, ids: idsByBody, answer: otlpLogsAnswer }
