import { type AnswerHeaders, eventsAnswer } from './answer.ts'
import { type EventIds, idsByBody, idsByHeader } from './event-id.ts'
import { eventFormats, type Formats, logsFormats, metricsFormats, subjectFormats, webhookFormats } from './formats.ts'
import type { Outcome } from './intake.ts'
import { otlpLogsAnswer, otlpMetricsAnswer } from './otlp/answer.ts'
import type { WebhookRoute } from './webhook-route.ts'

/** A path that producers send to, and what differs between them. */
export interface Endpoint {
  readonly method: 'POST' | 'PUT'
  /** As Hono has it: `/v1/events/:subject`. */
  readonly path: string
  /** For people, in the API's description. */
  readonly summary: string
  /** Which answers these are: Weir's own counts and problems, or OTLP's. */
  readonly dialect: 'events' | 'otlp'
  readonly formats: Formats
  /** Ids for the records that come without. */
  ids(headers: Headers, body: Uint8Array): EventIds | Promise<EventIds>
  answer(outcome: Outcome, headers: AnswerHeaders | undefined, mediaType: string): Response
}

export const endpoints: readonly Endpoint[] = [
  {
    method: 'POST',
    path: '/v1/events',
    summary: 'Store events',
    dialect: 'events',
    formats: eventFormats,
    ids: idsByHeader,
    answer: eventsAnswer,
  },
  {
    method: 'POST',
    path: '/v1/events/:subject',
    summary: 'Store the body as the data of one event',
    dialect: 'events',
    formats: subjectFormats,
    ids: idsByHeader,
    answer: eventsAnswer,
  },
  {
    method: 'POST',
    path: '/v1/metrics',
    summary: 'Store OpenTelemetry metrics: an event for each data point',
    dialect: 'otlp',
    formats: metricsFormats,
    ids: idsByBody,
    answer: otlpMetricsAnswer,
  },
  {
    method: 'POST',
    path: '/v1/logs',
    summary: 'Store OpenTelemetry logs: an event for each log record',
    dialect: 'otlp',
    formats: logsFormats,
    ids: idsByBody,
    answer: otlpLogsAnswer,
  },
]

/** The endpoint of a configured route. */
export function webhookEndpoint(route: WebhookRoute): Endpoint {
  return {
    method: route.method,
    path: route.path,
    summary: 'A webhook of this mesh',
    dialect: 'events',
    formats: webhookFormats(route),
    ids: idsByHeader,
    answer: eventsAnswer,
  }
}
