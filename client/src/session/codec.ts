import type { ClientFrame, Event, JsonEvent, ReceivedBatch, ReceivedFrame } from '@weir/proto'

/** An event as it came: bytes of Protobuf, its JSON form in a frame, or the text of that. */
export type EncodedEvent = Uint8Array | JsonEvent | string

/** A frame of a hub whose events are not decoded yet. */
export type HubFrame = ReceivedFrame<EncodedEvent>

export type HubBatch = ReceivedBatch<EncodedEvent>

/** How frames become messages of a WebSocket, by the subprotocol that names it. */
export interface Codec {
  readonly subprotocol: string
  encode(frame: ClientFrame['frame']): string | Uint8Array<ArrayBuffer>
  /** Throws `malformed`. `bytes` is what the message counts against the window. */
  decode(message: string | Uint8Array): { readonly frame: HubFrame; readonly bytes: number }
  /** An event of such a frame. Throws `malformed`. */
  decodeEvent(encoded: EncodedEvent): Event
}
