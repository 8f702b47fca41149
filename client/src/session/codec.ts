import { fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  type ClientFrame,
  ClientFrameSchema,
  clientFrameToJson,
  type ServerFrame,
  ServerFrameSchema,
  serverFrameFromJson,
  WeirError,
} from '@weir/proto'

/** How frames become messages of a WebSocket, by the subprotocol that names it. */
export interface Codec {
  readonly subprotocol: string
  encode(frame: ClientFrame['frame']): string | Uint8Array<ArrayBuffer>
  /** Throws `malformed`. `bytes` is what the message counts against the window. */
  decode(message: string | Uint8Array): { readonly frame: ServerFrame['frame']; readonly bytes: number }
}

export const protobufCodec: Codec = {
  subprotocol: 'weir.v1',
  encode: (frame) => toBinary(ClientFrameSchema, { $typeName: 'weir.v1.ClientFrame', frame }),
  decode(message) {
    if (typeof message === 'string') throw new WeirError('malformed', 'The hub sent text where weir.v1 has bytes.')
    try {
      return { frame: fromBinary(ServerFrameSchema, message).frame, bytes: message.byteLength }
    } catch (cause) {
      throw new WeirError('malformed', 'The hub sent what is no frame of weir.v1.', { cause })
    }
  },
}

/** For looking at; each event is parsed and encoded once more here, so that both codecs give the same bytes. */
export const jsonCodec: Codec = {
  subprotocol: 'weir.v1.json',
  encode: (frame) => clientFrameToJson({ $typeName: 'weir.v1.ClientFrame', frame }),
  decode(message) {
    if (typeof message !== 'string') {
      throw new WeirError('malformed', 'The hub sent bytes where weir.v1.json has text.')
    }
    return { frame: serverFrameFromJson(message).frame, bytes: encoder.encode(message).byteLength }
  },
}

const encoder = new TextEncoder()
