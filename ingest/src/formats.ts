import { WeirError } from '@weir/proto'
import type { ContentType } from './content-type.ts'
import type { Decoder } from './decoder.ts'
import { cloudEventBinary, isBinaryMode } from './formats/cloudevents-binary.ts'
import { cloudEventJson, cloudEventJsonBatch } from './formats/cloudevents-json.ts'
import { cloudEventProtobuf, cloudEventProtobufBatch } from './formats/cloudevents-protobuf.ts'
import { jsonDecoder } from './formats/json.ts'
import { ndjsonDecoder } from './formats/ndjson.ts'
import { otlpLogsJson, otlpLogsProtobuf } from './formats/otlp-logs.ts'
import { otlpMetricsJson, otlpMetricsProtobuf } from './formats/otlp-metrics.ts'
import { protobufDecoder } from './formats/protobuf.ts'
import { rawDecoder } from './formats/raw.ts'

/** The formats that one endpoint takes. */
export interface Formats {
  readonly decoders: readonly Decoder[]
  /** Every media type, as `Accept-Post` lists them (W3C Linked Data Platform, section 7.1). */
  readonly mediaTypes: readonly string[]
  /** The decoder of a request. Throws `unsupported_type`. */
  of(contentType: ContentType, headers: Headers): Decoder
}

/** POST /v1/events. */
export const eventFormats: Formats = formats([
  jsonDecoder,
  ndjsonDecoder,
  protobufDecoder,
  cloudEventJson,
  cloudEventJsonBatch,
  cloudEventProtobuf,
  cloudEventProtobufBatch,
  cloudEventBinary,
])

/** POST /v1/events/{subject}. */
export const subjectFormats: Formats = formats(
  [cloudEventJson, cloudEventJsonBatch, cloudEventProtobuf, cloudEventProtobufBatch, cloudEventBinary, rawDecoder],
  rawDecoder,
)

/** POST /v1/metrics. */
export const metricsFormats: Formats = formats([otlpMetricsProtobuf, otlpMetricsJson])

/** POST /v1/logs. */
export const logsFormats: Formats = formats([otlpLogsProtobuf, otlpLogsJson])

/** By media type, except that headers can say binary mode where that is among the decoders; else the fallback. */
function formats(decoders: readonly Decoder[], fallback?: Decoder): Formats {
  const byMediaType = new Map<string, Decoder>()
  for (const decoder of decoders) {
    for (const mediaType of decoder.mediaTypes) byMediaType.set(mediaType, decoder)
  }
  const mediaTypes = [...byMediaType.keys()]
  const takesBinaryMode = decoders.includes(cloudEventBinary)
  return {
    decoders,
    mediaTypes,
    of({ mediaType }, headers) {
      if (takesBinaryMode && isBinaryMode(headers)) return cloudEventBinary
      const decoder = byMediaType.get(mediaType) ?? fallback
      if (decoder !== undefined) return decoder
      throw new WeirError(
        'unsupported_type',
        `${mediaType === '' ? 'No Content-Type' : `Content-Type ${mediaType.slice(0, 128)}`} is not taken here: send one of ${mediaTypes.join(', ')}.`,
      )
    },
  }
}
