import type { Event } from '@weir/proto'
import { bodyText } from '../body/body-text.ts'
import { isJson } from '../body/content-type.ts'

/**
 * Bytes with their media type as the data of an event: JSON text as it is (whether it is JSON is
 * for the event's rules to say), anything else as Binary. No bytes are no data. Throws `malformed`
 * when JSON is not UTF-8.
 */
export function dataOfBody(body: Uint8Array, mediaType: string, contentType: string): Event['data'] {
  if (body.length === 0) return { case: undefined }
  if (isJson(mediaType)) return { case: 'json', value: bodyText(body) }
  return { case: 'binary', value: { $typeName: 'weir.v1.Binary', contentType, data: body } }
}
