import type { Dialect } from '../answers/dialect.ts'
import { eventsDialect } from '../answers/events-answer.ts'
import { influxDialect } from '../formats/influx/dialect.ts'
import { influxQueryDialect } from '../formats/influx/query.ts'
import { otlpLogsDialect, otlpMetricsDialect, otlpTracesDialect } from '../formats/otlp/dialect.ts'
import { remoteWriteDialect } from '../formats/prometheus/dialect.ts'
import type { WebhookRoute } from '../formats/webhook/webhook-route.ts'
import {
  eventFormats,
  type Formats,
  lineFormats,
  logsFormats,
  metricsFormats,
  queryFormats,
  remoteWriteFormats,
  subjectFormats,
  tracesFormats,
  webhookFormats,
} from './formats.ts'

/**
 * A path that producers send to: the protocol that is spoken there, and the formats that it takes.
 */
export interface Endpoint {
  readonly method: 'POST' | 'PUT'
  /** As Hono has it: `/v1/events/:subject`. */
  readonly path: string
  /** For people, in the API's description. */
  readonly summary: string
  readonly dialect: Dialect
  readonly formats: Formats
  /** The content coding of a body whose head names none, where that is not `identity`. */
  readonly coding?: string
}

export const endpoints: readonly Endpoint[] = [
  {
    method: 'POST',
    path: '/v1/events',
    summary: 'Store events',
    dialect: eventsDialect,
    formats: eventFormats,
  },
  {
    method: 'POST',
    path: '/v1/events/:subject',
    summary: 'Store the body as the data of one event',
    dialect: eventsDialect,
    formats: subjectFormats,
  },
  {
    method: 'POST',
    path: '/v1/metrics',
    summary: 'Store OpenTelemetry metrics: an event for each data point',
    dialect: otlpMetricsDialect,
    formats: metricsFormats,
  },
  {
    method: 'POST',
    path: '/v1/logs',
    summary: 'Store OpenTelemetry logs: an event for each log record',
    dialect: otlpLogsDialect,
    formats: logsFormats,
  },
  {
    method: 'POST',
    path: '/v1/traces',
    summary: 'Store OpenTelemetry traces: an event for each span',
    dialect: otlpTracesDialect,
    formats: tracesFormats,
  },
  {
    method: 'POST',
    path: '/api/v1/write',
    summary: 'Store samples and native histograms of Prometheus remote write: an event for each',
    dialect: remoteWriteDialect,
    formats: remoteWriteFormats,
    // Some senders leave the header out, as Prometheus itself does not look at it.
    coding: 'snappy',
  },
  {
    method: 'POST',
    path: '/write',
    summary: 'Store points of InfluxDB 1: an event for each line',
    dialect: influxDialect,
    formats: lineFormats,
  },
  {
    method: 'POST',
    path: '/api/v2/write',
    summary: 'Store points of InfluxDB 2: an event for each line',
    dialect: influxDialect,
    formats: lineFormats,
  },
  {
    method: 'POST',
    path: '/query',
    summary: 'Let a client of InfluxDB 1 create its database: nothing has to be made',
    dialect: influxQueryDialect,
    formats: queryFormats,
  },
]

/** The endpoint of a configured route. */
export function webhookEndpoint(route: WebhookRoute): Endpoint {
  return {
    method: route.method,
    path: route.path,
    summary: 'A webhook of this mesh',
    dialect: eventsDialect,
    formats: webhookFormats(route),
  }
}
