import { clientFrameToJson, type JsonEvent, readServerFrame, receivedEvent, WeirError } from '@weir/proto'
import type { Codec } from './codec.ts'

/**
 * The subprotocol `weir.v1.json`: for looking at the frames, and the smaller one where nothing else
 * reads Protobuf.
 */
export const jsonCodec: Codec = {
  subprotocol: 'weir.v1.json',
  encode: (frame) => clientFrameToJson({ $typeName: 'weir.v1.ClientFrame', frame }),
  decode(message) {
    if (typeof message !== 'string') {
      throw new WeirError('malformed', 'The hub sent bytes where weir.v1.json has text.')
    }
    return { frame: readServerFrame(message), bytes: utf8Bytes(message) }
  },
  decodeEvent: (encoded) => receivedEvent(encoded as JsonEvent | string),
}

/** How many bytes the text has on the wire. */
function utf8Bytes(text: string): number {
  // Three bytes a character are enough for any, and what was written before is written over.
  if (scratch.length < 3 * text.length) scratch = new Uint8Array(3 * text.length)
  return encoder.encodeInto(text, scratch).written
}

const encoder = /* @__PURE__ */ new TextEncoder()
let scratch = /* @__PURE__ */ new Uint8Array(0)
