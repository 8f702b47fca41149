/**
 * Gives the text of a trace or span id. The JSON of OTLP has hexadecimal where the JSON of Protobuf has base64; both alphabets
 * hold the same digits and lengths are multiples of four, so what was read as base64 is written as base64 again to have the
 * text back.
 */
export type IdText = (id: Uint8Array) => string

/** What belongs to a trace, as OTLP says it. */
export interface Traced {
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  readonly flags: number
}

/**
 * The traceparent of what has a trace and a span id; ids that cannot be in one, as a trace id alone, are labels. An id of
 * zeros is none.
 */
export function traceOf(
  { traceId, spanId, flags }: Traced,
  idText: IdText,
): { readonly traceparent: string; readonly labels: { [name: string]: string } } {
  const labels: { [name: string]: string } = Object.create(null)
  const trace = idOf(traceId, idText)
  const span = idOf(spanId, idText)
  if (/^[0-9a-f]{32}$/.test(trace) && /^[0-9a-f]{16}$/.test(span)) {
    return { traceparent: `00-${trace}-${span}-${(flags & 0xff).toString(16).padStart(2, '0')}`, labels }
  }
  if (trace !== '') labels.trace_id = trace
  if (span !== '') labels.span_id = span
  return { traceparent: '', labels }
}

function idOf(id: Uint8Array, idText: IdText): string {
  const text = idText(id)
  const hex = /^[0-9A-Fa-f]+$/.test(text) ? text.toLowerCase() : text
  return /^0*$/.test(hex) ? '' : hex
}
