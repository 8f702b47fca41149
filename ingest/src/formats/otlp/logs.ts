import { fromBinary, fromJson, type JsonValue } from '@bufbuild/protobuf'
import { base64Encode } from '@bufbuild/protobuf/wire'
import { type Event, WeirError } from '@weir/proto'
import { bodyJson } from '../../body/body-text.ts'
import { freshId } from '../../encode/event-id.ts'
import type { IngestRecord } from '../../encode/record.ts'
import { type Defaults, rejection, seal } from '../../encode/seal.ts'
import {
  type ExportLogsServiceRequest,
  ExportLogsServiceRequestSchema,
} from '../../gen/opentelemetry/proto/collector/logs/v1/logs_service_pb.js'
import type { LogRecord } from '../../gen/opentelemetry/proto/logs/v1/logs_pb.js'
import { ingestLimits } from '../../limits.ts'
import type { DecodeContext, Decoder } from '../decoder.ts'
import { tooManyRecords } from '../too-many-records.ts'
import { anyValueToJson, keyValuesToJson } from './any-value.ts'
import { type Origin, originOf } from './origin.ts'
import { timestampOfNano } from './timestamp.ts'

/** OTLP 1.x logs in Protobuf: a record for each log record. docs/otlp.md says how it becomes an event. */
export const otlpLogsProtobuf: Decoder = {
  name: 'OTLP logs in Protobuf',
  mediaTypes: ['application/x-protobuf'],
  decode: (body, context) => recordsOf(decodeBinary(body), context, hexOfBytes),
}

/** The same in JSON, where trace and span ids are hexadecimal. */
export const otlpLogsJson: Decoder = {
  name: 'OTLP logs in JSON',
  mediaTypes: ['application/json'],
  decode: (body, context) => recordsOf(decodeText(body), context, base64Encode),
}

function decodeBinary(body: Uint8Array): ExportLogsServiceRequest {
  try {
    return fromBinary(ExportLogsServiceRequestSchema, body, { readUnknownFields: false })
  } catch (cause) {
    throw new WeirError('malformed', 'The body is not an ExportLogsServiceRequest in Protobuf.', { cause })
  }
}

function decodeText(body: Uint8Array): ExportLogsServiceRequest {
  try {
    return fromJson(ExportLogsServiceRequestSchema, bodyJson(body) as JsonValue, { ignoreUnknownFields: true })
  } catch (cause) {
    if (cause instanceof WeirError) throw cause
    throw new WeirError('malformed', `The body is not an ExportLogsServiceRequest in JSON: ${cause}`, { cause })
  }
}

/**
 * `idText` gives the text of a trace or span id. The JSON of OTLP has hexadecimal where the JSON of Protobuf has base64;
 * both alphabets hold the same digits and lengths are multiples of four, so what was read as base64 is written as base64
 * again to have the text back.
 */
type IdText = (id: Uint8Array) => string

function hexOfBytes(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

function recordsOf(
  request: ExportLogsServiceRequest,
  { defaults }: DecodeContext,
  idText: IdText,
): readonly IngestRecord[] {
  const records: IngestRecord[] = []
  for (const { resource, scopeLogs } of request.resourceLogs) {
    const origin = originOf(resource)
    for (const { logRecords } of scopeLogs) {
      if (records.length + logRecords.length > ingestLimits.recordsMax) throw tooManyRecords()
      for (const log of logRecords) records.push(logRecord(records.length, origin, log, defaults, idText))
    }
  }
  return records
}

function logRecord(index: number, origin: Origin, log: LogRecord, defaults: Defaults, idText: IdText): IngestRecord {
  try {
    const unixNano = log.timeUnixNano === 0n ? log.observedTimeUnixNano : log.timeUnixNano
    const severity = severityName(log.severityNumber)
    const event: Event = {
      $typeName: 'weir.v1.Event',
      // The same line without a time may well be written twice: it is no duplicate.
      id: unixNano === 0n ? freshId() : '',
      type: log.eventName === '' ? 'otel.log' : log.eventName,
      source: origin.source,
      labels: { ...origin.labels, severity },
      traceparent: traceparentOf(log, idText),
      data: { case: 'json', value: JSON.stringify(dataOf(log)) },
    }
    if (unixNano !== 0n) event.time = timestampOfNano(unixNano)
    return seal(index, `logs.${origin.tokens}.${severity}`, event, defaults, true)
  } catch (thrown) {
    return rejection(index, thrown)
  }
}

function dataOf(log: LogRecord): Record<string, unknown> {
  const data: Record<string, unknown> = { body: anyValueToJson(log.body, 0) }
  if (log.severityText !== '') data.severityText = log.severityText
  if (log.severityNumber !== 0) data.severityNumber = log.severityNumber
  if (log.attributes.length > 0) data.attributes = keyValuesToJson(log.attributes, 0)
  return data
}

/** Empty when the record belongs to no trace, or its ids are none. */
function traceparentOf({ traceId, spanId, flags }: LogRecord, idText: IdText): string {
  if (traceId.length === 0 || spanId.length === 0) return ''
  const traceparent = `00-${idText(traceId)}-${idText(spanId)}-${(flags & 0xff).toString(16).padStart(2, '0')}`
  return /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent) ? traceparent : ''
}

/** The ranges of SeverityNumber, four numbers each from 1. */
function severityName(severityNumber: number): string {
  return severities[Math.floor((severityNumber - 1) / 4)] ?? 'unspecified'
}

const severities = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
