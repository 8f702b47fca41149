/**
 * Gives the text of a trace or span id. The JSON of OTLP has hexadecimal where the JSON of Protobuf
 * has base64; both alphabets hold the same digits and lengths are multiples of four, so what was
 * read as base64 is written as base64 again to have the text back.
 */
export type IdText = (id: Uint8Array) => string

/** What belongs to a trace, as OTLP says it. */
export interface Traced {
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  readonly flags: number
}

/**
 * The traceparent of what has a trace and a span id; ids that cannot be in one, as a trace id
 * alone, are labels. An id of zeros is none.
 */
export function traceOf(
  { traceId, spanId, flags }: Traced,
  idText: IdText,
): { readonly traceparent: string; readonly labels: { [name: string]: string } } {
  const labels: { [name: string]: string } = Object.create(null)
  const ids = spanIds({ traceId, spanId }, idText)
  if (ids !== undefined) {
    const sampled = (flags & 0xff).toString(16).padStart(2, '0')
    return { traceparent: `00-${ids.traceId}-${ids.spanId}-${sampled}`, labels }
  }
  const trace = idOf(traceId, idText)
  const span = idOf(spanId, idText)
  if (trace !== '') labels.trace_id = trace
  if (span !== '') labels.span_id = span
  return { traceparent: '', labels }
}

/** The ids of a span that has both, in lower case; undefined where one is none. */
export function spanIds(
  { traceId, spanId }: Pick<Traced, 'traceId' | 'spanId'>,
  idText: IdText,
): { readonly traceId: string; readonly spanId: string } | undefined {
  const ids = { traceId: idOf(traceId, idText), spanId: idOf(spanId, idText) }
  return /^[0-9a-f]{32}$/.test(ids.traceId) && /^[0-9a-f]{16}$/.test(ids.spanId) ? ids : undefined
}

export function hexOfBytes(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

export function idOf(id: Uint8Array, idText: IdText): string {
  const text = idText(id)
  const hex = /^[0-9A-Fa-f]+$/.test(text) ? text.toLowerCase() : text
  return /^0*$/.test(hex) ? '' : hex
}
