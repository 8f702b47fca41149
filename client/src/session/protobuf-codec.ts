import { decodeEvent, decodeServerFrame, encodeClientFrame, WeirError } from '@weir/proto'
import type { Codec } from './codec.ts'

/** The subprotocol `weir.v1`: what applications use. */
export const protobufCodec: Codec = {
  subprotocol: 'weir.v1',
  encode: (frame) => encodeClientFrame({ $typeName: 'weir.v1.ClientFrame', frame }),
  decode(message) {
    if (typeof message === 'string') throw new WeirError('malformed', 'The hub sent text where weir.v1 has bytes.')
    return { frame: decodeServerFrame(message).frame, bytes: message.byteLength }
  },
  decodeEvent: (encoded) => decodeEvent(encoded as Uint8Array),
}
