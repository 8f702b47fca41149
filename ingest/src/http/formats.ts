import { WeirError } from '@weir/proto'
import { type ContentType, isJson } from '../body/content-type.ts'
import { cloudEventBinary, isBinaryMode } from '../formats/cloudevents/binary-mode.ts'
import { cloudEventJson, cloudEventJsonBatch } from '../formats/cloudevents/json-format.ts'
import { cloudEventProtobuf, cloudEventProtobufBatch } from '../formats/cloudevents/protobuf-format.ts'
import type { Decoder } from '../formats/decoder.ts'
import { lineProtocol } from '../formats/influx/line-protocol.ts'
import { influxQuery } from '../formats/influx/query.ts'
import { jsonDecoder } from '../formats/json/json.ts'
import { ndjsonDecoder } from '../formats/json/ndjson.ts'
import { rawDecoder } from '../formats/json/raw.ts'
import { otlpLogsJson, otlpLogsProtobuf } from '../formats/otlp/logs.ts'
import { otlpMetricsJson, otlpMetricsProtobuf } from '../formats/otlp/metrics.ts'
import { otlpTracesJson, otlpTracesProtobuf } from '../formats/otlp/spans.ts'
import { remoteWrite } from '../formats/prometheus/remote-write.ts'
import { protobufDecoder } from '../formats/protobuf/protobuf.ts'
import { bodyCheck, webhookForm, webhookJson } from '../formats/webhook/webhook.ts'
import type { WebhookRoute } from '../formats/webhook/webhook-route.ts'

/** The formats that one endpoint takes. */
export interface Formats {
  readonly decoders: readonly Decoder[]
  /** Every media type, as `Accept-Post` lists them (W3C Linked Data Platform, section 7.1). */
  readonly mediaTypes: readonly string[]
  /** The decoder of a request. Throws `unsupported_type`. */
  of(contentType: ContentType, headers: Headers): Decoder
}

const cloudEvents = [cloudEventJson, cloudEventJsonBatch, cloudEventProtobuf, cloudEventProtobufBatch]

/** POST /v1/events. */
export const eventFormats: Formats = formats([jsonDecoder, ndjsonDecoder, protobufDecoder, ...cloudEvents], {
  byHeaders: cloudEventBinary,
})

/** POST /v1/events/{subject}. */
export const subjectFormats: Formats = formats(cloudEvents, {
  byHeaders: cloudEventBinary,
  otherwise: () => rawDecoder,
})

/** POST /v1/metrics. */
export const metricsFormats: Formats = formats([otlpMetricsProtobuf, otlpMetricsJson])

/** POST /v1/traces. */
export const tracesFormats: Formats = formats([otlpTracesProtobuf, otlpTracesJson])

/** POST /v1/logs. */
export const logsFormats: Formats = formats([otlpLogsProtobuf, otlpLogsJson])

/** POST /write and POST /api/v2/write: whatever the Content-Type, as clients send many. */
export const lineFormats: Formats = formats([lineProtocol], { otherwise: () => lineProtocol })

/** POST /query: the query is in the address where there is no form. */
export const queryFormats: Formats = formats([influxQuery], { otherwise: () => influxQuery })

/** POST /api/v1/write. */
export const remoteWriteFormats: Formats = formats([remoteWrite])

/** A configured route. */
export function webhookFormats(route: WebhookRoute): Formats {
  // One for both, as what was signed is good once.
  const check = bodyCheck(route)
  const json = webhookJson(route, check)
  return formats([json, webhookForm(route, check)], {
    otherwise: (mediaType) => (isJson(mediaType) ? json : undefined),
  })
}

interface Exceptions {
  /** Chosen before any other when the headers say binary mode. */
  readonly byHeaders?: Decoder
  /** For a media type that no decoder names. */
  readonly otherwise?: (mediaType: string) => Decoder | undefined
}

function formats(decoders: readonly Decoder[], { byHeaders, otherwise }: Exceptions = {}): Formats {
  const byMediaType = new Map<string, Decoder>()
  for (const decoder of decoders) {
    for (const mediaType of decoder.mediaTypes) byMediaType.set(mediaType, decoder)
  }
  const mediaTypes = [...byMediaType.keys()]
  const other = otherwise?.('')
  const isListed = other === undefined || decoders.includes(other)
  return {
    decoders: [...decoders, ...(byHeaders === undefined ? [] : [byHeaders]), ...(isListed ? [] : [other])],
    mediaTypes,
    of({ mediaType }, headers) {
      if (byHeaders !== undefined && isBinaryMode(headers)) return byHeaders
      const decoder = byMediaType.get(mediaType) ?? otherwise?.(mediaType)
      if (decoder !== undefined) return decoder
      const given = mediaType === '' ? 'A request without Content-Type' : `Content-Type ${mediaType.slice(0, 128)}`
      throw new WeirError('unsupported_type', `${given} is not taken here: send one of ${mediaTypes.join(', ')}.`)
    },
  }
}
