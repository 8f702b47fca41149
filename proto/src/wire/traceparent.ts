import { LENGTH_DELIMITED, WireReader } from './wire-reader.ts'

/**
 * Reads the `traceparent` of an encoded weir.v1.Event, when its trace is sampled (W3C Trace Context
 * level 1, flag 01). It decodes nothing else of the event. Returns undefined for an event without
 * one, for bytes that are no event, and for a span of OTLP: spans about spans would have no end
 * where spans are stored in the mesh that makes them.
 */
export function sampledTraceparent(event: Uint8Array): string | undefined {
  const reader = new WireReader(event)
  try {
    while (reader.at < reader.end) {
      const tag = reader.uint32()
      // Encoders write the fields in the order of their numbers.
      if (tag >>> 3 > TRACEPARENT) return undefined
      if (tag >>> 3 === TRACEPARENT) return (tag & 7) === LENGTH_DELIMITED ? sampled(reader.slice()) : undefined
      if (tag === TYPE_TAG) {
        if (isSpan(reader.slice())) return undefined
      } else reader.skip(tag & 7)
    }
  } catch {
    // Whoever decodes the event says what is wrong with it.
  }
  return undefined
}

function sampled(bytes: Uint8Array): string | undefined {
  if (bytes.length !== LENGTH || ((bytes[LENGTH - 1] as number) & 1) === 0) return undefined
  return String.fromCharCode(...bytes)
}

function isSpan(type: Uint8Array): boolean {
  return type.length === spanType.length && type.every((byte, at) => byte === spanType.charCodeAt(at))
}

const spanType = 'otel.span'
/** The field `type` of weir.v1.Event, which is a string. */
const TYPE_TAG = 0x12
/** Number of the field `traceparent` of weir.v1.Event. */
const TRACEPARENT = 6
const LENGTH = 55
