import { create, type DescMessage, type MessageShape, toBinary, toJsonString } from '@bufbuild/protobuf'
import type { Dialect } from '../../answers/dialect.ts'
import { failureAnswer } from '../../answers/events-answer.ts'
import { isJson } from '../../body/content-type.ts'
import { idsByBody } from '../../encode/event-id.ts'
import { type Outcome, retryableRejection } from '../../encode/outcome.ts'
import type { RejectedRecord } from '../../encode/record.ts'
import { ExportLogsServiceResponseSchema } from '../../gen/opentelemetry/proto/collector/logs/v1/logs_service_pb.js'
import { ExportMetricsServiceResponseSchema } from '../../gen/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.js'
import { ExportTraceServiceResponseSchema } from '../../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js'
import { ingestLimits } from '../../limits.ts'
import { otlpRefusal } from './refusal.ts'

/**
 * OTLP/HTTP: answers in the media type of the request, with partial_success for what was rejected.
 */
export const otlpMetricsDialect: Dialect = dialect(
  ExportMetricsServiceResponseSchema,
  (rejectedDataPoints, errorMessage) =>
    create(ExportMetricsServiceResponseSchema, { partialSuccess: { rejectedDataPoints, errorMessage } }),
)

export const otlpTracesDialect: Dialect = dialect(ExportTraceServiceResponseSchema, (rejectedSpans, errorMessage) =>
  create(ExportTraceServiceResponseSchema, { partialSuccess: { rejectedSpans, errorMessage } }),
)

export const otlpLogsDialect: Dialect = dialect(ExportLogsServiceResponseSchema, (rejectedLogRecords, errorMessage) =>
  create(ExportLogsServiceResponseSchema, { partialSuccess: { rejectedLogRecords, errorMessage } }),
)

function dialect<D extends DescMessage>(
  schema: D,
  partial: (rejected: bigint, reason: string) => MessageShape<D>,
): Dialect {
  return { name: 'otlp', ids: idsByBody, answer: answerBy(schema, partial), refusal: otlpRefusal }
}

function answerBy<D extends DescMessage>(
  schema: D,
  partial: (rejected: bigint, reason: string) => MessageShape<D>,
): Dialect['answer'] {
  return (outcome, headers, mediaType) => {
    const failure = failureOf(outcome)
    if (failure !== undefined) return failureAnswer(failure, outcome, headers)
    const { rejected, duplicates } = outcome
    const told = [...reasons(rejected), ...(duplicates > 0 ? [duplicatesReason(duplicates)] : [])]
    const message = told.length === 0 ? create(schema) : partial(BigInt(rejected.length), told.join(' '))
    const body = isJson(mediaType)
      ? toJsonString(schema, message)
      : (toBinary(schema, message) as Uint8Array<ArrayBuffer>)
    return new Response(body, { status: 200, headers: { ...headers, 'content-type': mediaType } })
  }
}

/**
 * Partial success cannot say "send again" or "you may not": those are answers of the whole request.
 */
function failureOf(outcome: Outcome): RejectedRecord | undefined {
  const { accepted, rejected } = outcome
  const failure = retryableRejection(outcome)
  if (failure !== undefined || accepted > 0) return failure
  return rejected.find((record) => record.code === 'forbidden')
}

/** Some of the different reasons, once each, as people read them in the exporter's log. */
function reasons(rejected: readonly RejectedRecord[]): readonly string[] {
  const messages = new Set<string>()
  for (const { message } of rejected) {
    messages.add(message)
    if (messages.size === ingestLimits.reasonsMax) break
  }
  return [...messages]
}

/** With nothing rejected a message is a warning (OTLP specification, section "Partial Success"). */
function duplicatesReason(duplicates: number): string {
  return `${duplicates} of the records were stored before, and are not stored again.`
}
