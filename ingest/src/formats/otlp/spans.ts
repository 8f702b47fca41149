import { base64Encode } from '@bufbuild/protobuf/wire'
import { type Event, formatTimestamp } from '@weir/proto'
import { bodyText } from '../../body/body-text.ts'
import type { IngestRecord } from '../../encode/record.ts'
import { type Defaults, seal } from '../../encode/seal.ts'
import { isWhole, subjectToken, withIdentity } from '../../encode/subject-token.ts'
import { ExportTraceServiceRequestSchema } from '../../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js'
import type { KeyValue } from '../../gen/opentelemetry/proto/common/v1/common_pb.js'
import {
  ResourceSpansSchema,
  ScopeSpansSchema,
  type Span,
  type Span_Event,
  type Span_Link,
  Span_SpanKind,
  SpanSchema,
  Status_StatusCode,
} from '../../gen/opentelemetry/proto/trace/v1/trace_pb.js'
import type { DecodeContext, Decoder } from '../decoder.ts'
import { type RequestMessage, requestFromBinary, requestFromJson } from '../request-message.ts'
import { keyValuesToJson } from './any-value.ts'
import { jsonWithLongIntegers } from './long-integers.ts'
import { type Origin, originOrFault } from './origin.ts'
import { pushRecords } from './records.ts'
import { timestampOfNano } from './timestamp.ts'
import { hexOfBytes, type IdText, idOf, spanIds } from './trace.ts'

/**
 * OTLP 1.x traces in Protobuf: a record for each span. docs/otlp.md says how it becomes an event.
 */
export const otlpTracesProtobuf: Decoder = {
  name: 'OTLP traces in Protobuf',
  mediaTypes: ['application/x-protobuf'],
  decode: (body, context) => recordsOf(requestFromBinary(tree, body), context, hexOfBytes),
}

/** The same in JSON, where trace and span ids are hexadecimal. */
export const otlpTracesJson: Decoder = {
  name: 'OTLP traces in JSON',
  mediaTypes: ['application/json'],
  decode: (body, context) =>
    recordsOf(requestFromJson(tree, jsonWithLongIntegers(bodyText(body))), context, base64Encode),
}

const scopeTree = { schema: ScopeSpansSchema, fields: { spans: { schema: SpanSchema } } }
const resourceTree = { schema: ResourceSpansSchema, fields: { scopeSpans: scopeTree } }
const tree = { schema: ExportTraceServiceRequestSchema, fields: { resourceSpans: resourceTree } }

function recordsOf(
  { message, faults }: RequestMessage<typeof ExportTraceServiceRequestSchema>,
  { defaults }: DecodeContext,
  idText: IdText,
): readonly IngestRecord[] {
  const records: IngestRecord[] = []
  for (const { resource, scopeSpans } of message.resourceSpans) {
    for (const { scope, spans } of scopeSpans) {
      const origin = originOrFault(resource, scope)
      pushRecords(records, origin, spans, faults, (index, source: Origin, span) =>
        spanRecord(index, source, span, defaults, idText),
      )
    }
  }
  return records
}

function spanRecord(index: number, origin: Origin, span: Span, defaults: Defaults, idText: IdText): IngestRecord {
  const ids = spanIds(span, idText)
  if (ids === undefined) {
    return { index, code: 'invalid', message: 'A span needs a trace id of 16 bytes and a span id of 8, not all zeros.' }
  }
  const { traceId, spanId } = ids
  const labels: { [name: string]: string } = Object.create(null)
  labels.kind = kindName(span.kind)
  labels.status = statusName(span)
  origin.labels.addTo(labels, 2)
  const event: Event = {
    $typeName: 'weir.v1.Event',
    // A span is told once, when it has ended: sent again in another batch it is the same.
    id: `${traceId}-${spanId}`,
    type: 'otel.span',
    source: origin.source,
    labels,
    traceparent: `00-${traceId}-${spanId}-${(span.flags & 0xff).toString(16).padStart(2, '0')}`,
    data: { case: 'json', value: JSON.stringify(dataOf(span, traceId, spanId, idText)) },
  }
  const ended = span.endTimeUnixNano === 0n ? span.startTimeUnixNano : span.endTimeUnixNano
  if (ended !== 0n) event.time = timestampOfNano(ended)
  return seal(index, subjectOf(origin, span.name), event, defaults, true)
}

/** The name of a span is one token: dots in it are no levels. */
function subjectOf({ tokens, source }: Origin, name: string): string {
  const service = tokens.slice(0, tokens.indexOf('.'))
  const subject = `traces.${service}.${subjectToken(name)}`
  const isReadable = (service === source || source === '') && subject.endsWith(`.${name}`) && name !== ''
  return isReadable && isWhole(subject) ? subject : withIdentity(subject, `${source.length}:${source}${name}`)
}

function dataOf(span: Span, traceId: string, spanId: string, idText: IdText): Record<string, unknown> {
  const parent = idOf(span.parentSpanId, idText)
  const { name, traceState, kind, startTimeUnixNano, endTimeUnixNano, attributes, events, links } = span
  return {
    name,
    traceId,
    spanId,
    parentSpanId: parent === '' ? undefined : parent,
    traceState: traceState === '' ? undefined : traceState,
    kind: kindName(kind),
    start: timeText(startTimeUnixNano),
    end: timeText(endTimeUnixNano),
    durationMs: durationMs(startTimeUnixNano, endTimeUnixNano),
    status: { code: statusName(span), message: span.status?.message || undefined },
    attributes: objectOf(attributes),
    events: events.length === 0 ? undefined : events.map(spanEvent),
    links: links.length === 0 ? undefined : links.map((link) => spanLink(link, idText)),
  }
}

function spanEvent({ timeUnixNano, name, attributes }: Span_Event): Record<string, unknown> {
  return { time: timeText(timeUnixNano), name, attributes: objectOf(attributes) }
}

function spanLink({ traceId, spanId, traceState, attributes }: Span_Link, idText: IdText): Record<string, unknown> {
  return {
    traceId: idOf(traceId, idText),
    spanId: idOf(spanId, idText),
    traceState: traceState === '' ? undefined : traceState,
    attributes: objectOf(attributes),
  }
}

function objectOf(attributes: readonly KeyValue[]): Record<string, unknown> | undefined {
  return attributes.length === 0 ? undefined : keyValuesToJson(attributes, 0)
}

/** RFC 3339 with nanoseconds; undefined for no time. */
function timeText(unixNano: bigint): string | undefined {
  return unixNano === 0n ? undefined : formatTimestamp(timestampOfNano(unixNano))
}

/** Undefined for a span that has no end. Negative where a clock was set back. */
function durationMs(start: bigint, end: bigint): number | undefined {
  return start === 0n || end === 0n ? undefined : Number(end - start) / 1e6
}

function kindName(kind: Span_SpanKind): string {
  return (Span_SpanKind[kind] ?? 'UNSPECIFIED').toLowerCase()
}

function statusName({ status }: Span): string {
  return (Status_StatusCode[status?.code ?? 0] ?? 'UNSET').toLowerCase()
}
