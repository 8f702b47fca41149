import { base64Encode } from '@bufbuild/protobuf/wire'
import type { Event } from '@weir/proto'
import { bodyText } from '../../body/body-text.ts'
import { freshId } from '../../encode/event-id.ts'
import type { IngestRecord } from '../../encode/record.ts'
import { type Defaults, seal } from '../../encode/seal.ts'
import { withIdentity } from '../../encode/subject-token.ts'
import { ExportLogsServiceRequestSchema } from '../../gen/opentelemetry/proto/collector/logs/v1/logs_service_pb.js'
import {
  type LogRecord,
  LogRecordSchema,
  ResourceLogsSchema,
  ScopeLogsSchema,
} from '../../gen/opentelemetry/proto/logs/v1/logs_pb.js'
import type { DecodeContext, Decoder } from '../decoder.ts'
import { type RequestMessage, requestFromBinary, requestFromJson } from '../request-message.ts'
import { anyValueToJson, keyValuesToJson } from './any-value.ts'
import { jsonWithLongIntegers } from './long-integers.ts'
import { type Origin, originOrFault } from './origin.ts'
import { pushRecords } from './records.ts'
import { severityName } from './severity.ts'
import { timestampOfNano } from './timestamp.ts'
import { hexOfBytes, type IdText, traceOf } from './trace.ts'

/**
 * OTLP 1.x logs in Protobuf: a record for each log record. docs/otlp.md says how it becomes an
 * event.
 */
export const otlpLogsProtobuf: Decoder = {
  name: 'OTLP logs in Protobuf',
  mediaTypes: ['application/x-protobuf'],
  decode: (body, context) => recordsOf(requestFromBinary(tree, body), context, hexOfBytes),
}

/** The same in JSON, where trace and span ids are hexadecimal. */
export const otlpLogsJson: Decoder = {
  name: 'OTLP logs in JSON',
  mediaTypes: ['application/json'],
  decode: (body, context) =>
    recordsOf(requestFromJson(tree, jsonWithLongIntegers(bodyText(body))), context, base64Encode),
}

const scopeTree = { schema: ScopeLogsSchema, fields: { logRecords: { schema: LogRecordSchema } } }
const resourceTree = { schema: ResourceLogsSchema, fields: { scopeLogs: scopeTree } }
const tree = { schema: ExportLogsServiceRequestSchema, fields: { resourceLogs: resourceTree } }

function recordsOf(
  { message, faults }: RequestMessage<typeof ExportLogsServiceRequestSchema>,
  { defaults }: DecodeContext,
  idText: IdText,
): readonly IngestRecord[] {
  const records: IngestRecord[] = []
  for (const { resource, scopeLogs } of message.resourceLogs) {
    for (const { scope, logRecords } of scopeLogs) {
      const origin = originOrFault(resource, scope)
      pushRecords(records, origin, logRecords, faults, (index, source: Origin, log) =>
        logRecord(index, source, log, defaults, idText),
      )
    }
  }
  return records
}

function logRecord(index: number, origin: Origin, log: LogRecord, defaults: Defaults, idText: IdText): IngestRecord {
  const unixNano = log.timeUnixNano === 0n ? log.observedTimeUnixNano : log.timeUnixNano
  const severity = severityName(log.severityNumber, log.severityText)
  const { traceparent, labels } = traceOf(log, idText)
  labels.severity = severity
  origin.labels.addTo(labels, Object.keys(labels).length)
  const event: Event = {
    $typeName: 'weir.v1.Event',
    // The same line without a time may well be written twice: it is no duplicate.
    id: unixNano === 0n ? freshId() : '',
    type: log.eventName === '' ? 'otel.log' : log.eventName,
    source: origin.source,
    labels,
    traceparent,
    data: { case: 'json', value: JSON.stringify(dataOf(log)) },
  }
  if (unixNano !== 0n) event.time = timestampOfNano(unixNano)
  return seal(index, subjectOf(origin, severity), event, defaults, true)
}

function subjectOf({ tokens, tokenTexts }: Origin, severity: string): string {
  const subject = `logs.${tokens}.${severity}`
  return tokenTexts === '' ? subject : withIdentity(subject, tokenTexts)
}

function dataOf(log: LogRecord): Record<string, unknown> {
  const data: Record<string, unknown> = { body: anyValueToJson(log.body, 0) }
  if (log.severityText !== '') data.severityText = log.severityText
  if (log.severityNumber !== 0) data.severityNumber = log.severityNumber
  if (log.attributes.length > 0) data.attributes = keyValuesToJson(log.attributes, 0)
  return data
}
