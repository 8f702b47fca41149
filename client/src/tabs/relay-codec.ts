import {
  type ClientFrame,
  clientFrameFromJson,
  decodeClientFrame,
  encodeServerFrame,
  type ServerFrame,
  serverFrameToJson,
} from '@weir/proto'
import type { Codec } from '../session/codec.ts'
import { jsonCodec } from '../session/json-codec.ts'
import { protobufCodec } from '../session/protobuf-codec.ts'
import type { SocketMessage } from './port.ts'

/** What stands between tabs and a hub reads and writes in both directions. */
export interface RelayCodec extends Codec {
  /** A frame of a tab. Throws `malformed`. */
  decodeClient(message: SocketMessage): ClientFrame['frame']
  /** A frame for a tab; a batch is passed on as it came. */
  encodeServer(frame: Exclude<ServerFrame['frame'], { case: 'batch' }>): SocketMessage
}

/** Undefined for a subprotocol that is not known. */
export function relayCodec(subprotocol: string): RelayCodec | undefined {
  return relayCodecs.find((codec) => codec.subprotocol === subprotocol)
}

const relayCodecs: readonly RelayCodec[] = [
  {
    ...protobufCodec,
    decodeClient: (message) => decodeClientFrame(message as Uint8Array).frame,
    encodeServer: (frame) => encodeServerFrame({ $typeName: 'weir.v1.ServerFrame', frame }),
  },
  {
    ...jsonCodec,
    decodeClient: (message) => clientFrameFromJson(message as string).frame,
    encodeServer: (frame) => serverFrameToJson({ $typeName: 'weir.v1.ServerFrame', frame }),
  },
]
