import type { Event } from '@weir/proto'
import type { IngestRecord } from '../../encode/record.ts'
import { rejection, seal } from '../../encode/seal.ts'
import { dataOfBody } from '../data-of-body.ts'
import type { DecodeContext, Decoder } from '../decoder.ts'

/**
 * The body is the data of one event, whose subject is in the path. JSON is stored as JSON, any
 * other media type as Binary. A body of no type, or of the type that `curl -d` gives, is JSON when
 * it can be read as JSON.
 */
export const rawDecoder: Decoder = {
  name: 'Any other: the body is the data of one event',
  mediaTypes: [],
  decode: decodeRaw,
}

function decodeRaw(body: Uint8Array, context: DecodeContext): readonly IngestRecord[] {
  const { contentType, headers, parameters, defaults } = context
  try {
    const { mediaType } = contentType
    const type = isUntyped(mediaType) && parses(body) ? 'application/json' : mediaType
    const event: Event = {
      $typeName: 'weir.v1.Event',
      id: '',
      type: '',
      source: '',
      labels: {},
      traceparent: headers.get('traceparent') ?? '',
      data: dataOfBody(body, type, headers.get('content-type') ?? 'application/octet-stream'),
    }
    return [seal(0, parameters.subject ?? '', event, defaults, false)]
  } catch (thrown) {
    return [rejection(0, thrown)]
  }
}

function isUntyped(mediaType: string): boolean {
  return mediaType === '' || mediaType === 'application/x-www-form-urlencoded'
}

function parses(body: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return true
  } catch {
    return false
  }
}
