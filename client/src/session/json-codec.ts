import { clientFrameToJson, readServerFrame, receivedEvent, WeirError } from '@weir/proto'
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
    return { frame: readServerFrame(message), bytes: encoder.encode(message).byteLength }
  },
  decodeEvent: (encoded) => receivedEvent(encoded as string),
}

const encoder = /* @__PURE__ */ new TextEncoder()
