import { create, toBinary, toJsonString } from '@bufbuild/protobuf'
import { base64Encode } from '@bufbuild/protobuf/wire'
import { type AnswerHeaders, failureAnswer } from './answer.ts'
import { isJson, parseContentType } from './content-type.ts'
import { EventIds } from './event-id.ts'
import { otlpMetricsJson, otlpMetricsProtobuf } from './formats/otlp-metrics.ts'
import { Formats } from './formats.ts'
import { ExportMetricsServiceResponseSchema } from './gen/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.js'
import { type Outcome, passing } from './intake.ts'
import type { Endpoint } from './pipeline.ts'
import type { RejectedRecord } from './record.ts'

/** POST /v1/metrics: OTLP/HTTP (OTLP 1.x). */
export const otlpMetricsEndpoint: Endpoint = {
  formats: new Formats([otlpMetricsProtobuf, otlpMetricsJson]),
  ids: idsByBody,
  answer: answerMetrics,
}

/**
 * OTLP has no ids, and its exporters repeat a request that was not answered byte by byte. So the digest of the body tells
 * a repetition, which stores nothing twice, from new points.
 */
async function idsByBody(_request: Request, body: Uint8Array): Promise<EventIds> {
  const digest = await crypto.subtle.digest('SHA-256', body as Uint8Array<ArrayBuffer>)
  return new EventIds(base64Encode(new Uint8Array(digest, 0, 16), 'url'))
}

function answerMetrics(outcome: Outcome, headers: AnswerHeaders | undefined, request: Request): Response {
  const failure = otlpFailure(outcome)
  if (failure !== undefined) return failureAnswer(failure, outcome, headers)
  const { rejected } = outcome
  const message = create(
    ExportMetricsServiceResponseSchema,
    rejected.length === 0
      ? {}
      : { partialSuccess: { rejectedDataPoints: BigInt(rejected.length), errorMessage: reasons(rejected) } },
  )
  const contentType = parseContentType(request.headers.get('content-type')).mediaType
  const body = isJson(contentType)
    ? toJsonString(ExportMetricsServiceResponseSchema, message)
    : (toBinary(ExportMetricsServiceResponseSchema, message) as Uint8Array<ArrayBuffer>)
  return new Response(body, { status: 200, headers: { ...headers, 'content-type': contentType } })
}

/** Partial success cannot say "send again" or "you may not": those are answers of the whole request. */
function otlpFailure(outcome: Outcome): RejectedRecord | undefined {
  const { accepted, rejected } = outcome
  const failure = passing(outcome)
  if (failure !== undefined || accepted > 0) return failure
  return rejected.find((record) => record.code === 'forbidden')
}

/** Each different reason once, as people read it in the exporter's log. */
function reasons(rejected: readonly RejectedRecord[]): string {
  const messages = new Set<string>()
  for (const { message } of rejected) {
    messages.add(message)
    if (messages.size === REASONS_MAX) break
  }
  return [...messages].join(' ')
}

const REASONS_MAX = 8
