import { create, type DescMessage, type MessageShape, toBinary, toJsonString } from '@bufbuild/protobuf'
import { type AnswerHeaders, failureAnswer } from '../answer.ts'
import { isJson } from '../content-type.ts'
import { ExportLogsServiceResponseSchema } from '../gen/opentelemetry/proto/collector/logs/v1/logs_service_pb.js'
import { ExportMetricsServiceResponseSchema } from '../gen/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.js'
import { type Outcome, passing } from '../intake.ts'
import type { RejectedRecord } from '../record.ts'

/** The answer of OTLP/HTTP, in the media type of the request, with partial_success for what was rejected. */
export type OtlpAnswer = (outcome: Outcome, headers: AnswerHeaders | undefined, mediaType: string) => Response

export const otlpMetricsAnswer: OtlpAnswer = answerBy(
  ExportMetricsServiceResponseSchema,
  (rejectedDataPoints, errorMessage) =>
    create(ExportMetricsServiceResponseSchema, { partialSuccess: { rejectedDataPoints, errorMessage } }),
)

export const otlpLogsAnswer: OtlpAnswer = answerBy(
  ExportLogsServiceResponseSchema,
  (rejectedLogRecords, errorMessage) =>
    create(ExportLogsServiceResponseSchema, { partialSuccess: { rejectedLogRecords, errorMessage } }),
)

function answerBy<D extends DescMessage>(
  schema: D,
  partial: (rejected: bigint, reason: string) => MessageShape<D>,
): OtlpAnswer {
  return (outcome, headers, mediaType) => {
    const failure = failureOf(outcome)
    if (failure !== undefined) return failureAnswer(failure, outcome, headers)
    const { rejected } = outcome
    const message = rejected.length === 0 ? create(schema) : partial(BigInt(rejected.length), reasons(rejected))
    const body = isJson(mediaType)
      ? toJsonString(schema, message)
      : (toBinary(schema, message) as Uint8Array<ArrayBuffer>)
    return new Response(body, { status: 200, headers: { ...headers, 'content-type': mediaType } })
  }
}

/** Partial success cannot say "send again" or "you may not": those are answers of the whole request. */
function failureOf(outcome: Outcome): RejectedRecord | undefined {
  const { accepted, rejected } = outcome
  const failure = passing(outcome)
  if (failure !== undefined || accepted > 0) return failure
  return rejected.find((record) => record.code === 'forbidden')
}

/** Some of the different reasons, once each, as people read them in the exporter's log. */
function reasons(rejected: readonly RejectedRecord[]): string {
  const messages = new Set<string>()
  for (const { message } of rejected) {
    messages.add(message)
    if (messages.size === REASONS_MAX) break
  }
  return [...messages].join(' ')
}

const REASONS_MAX = 8
