import { WeirError } from '@weir/proto'
import type { IngestRecord } from '../../encode/record.ts'
import { rejection } from '../../encode/seal.ts'
import { dataOfBody } from '../data-of-body.ts'
import type { DecodeContext, Decoder } from '../decoder.ts'
import { cloudEventRecord } from './cloud-event.ts'

/**
 * Binary mode (CloudEvents 1.0, HTTP Protocol Binding section 3.1): attributes in headers `ce-*`,
 * the body is the data in the media type of the request. Recognised by the header `ce-specversion`,
 * whatever the Content-Type.
 */
export const cloudEventBinary: Decoder = {
  name: 'CloudEvents 1.0, binary mode: attributes in headers ce-*, any Content-Type',
  mediaTypes: [],
  decode: decodeBinaryMode,
}

export function isBinaryMode(headers: Headers): boolean {
  return headers.has('ce-specversion')
}

function decodeBinaryMode(body: Uint8Array, context: DecodeContext): readonly IngestRecord[] {
  try {
    const attributes = new Map<string, string>()
    context.headers.forEach((value, name) => {
      if (name.startsWith('ce-')) attributes.set(name.slice(3), percentDecoded(value))
    })
    const contentType = context.headers.get('content-type') ?? ''
    const data = dataOfBody(body, context.contentType.mediaType, contentType)
    return [cloudEventRecord(0, attributes, data, context)]
  } catch (thrown) {
    return [rejection(0, thrown)]
  }
}

/** Section 3.1.3.2: header values are percent-encoded UTF-8. */
function percentDecoded(value: string): string {
  if (!value.includes('%')) return value
  try {
    return decodeURIComponent(value)
  } catch (cause) {
    throw new WeirError('malformed', 'A ce- header is not percent-encoded UTF-8.', { cause })
  }
}
