import { closeCode, type ErrorCode, type ServerFrame } from '@weir/proto'
import { jsonCodec } from '../codec/codec-json.ts'
import { protobufCodec } from '../codec/codec-protobuf.ts'
import { sseCodec } from '../codec/codec-sse.ts'
import type { FrameCodec } from '../codec/frame-codec.ts'
import { Conversation } from './conversation.ts'
import type { Dialect, Request } from './dialect.ts'
import { pongFrame } from './frames.ts'
import type { Link } from './link.ts'
import type { Party } from './party.ts'

/** The protocol of docs/protocol.md, in one of its encodings. */
class WeirDialect implements Dialect {
  readonly codec: FrameCodec

  constructor(codec: FrameCodec) {
    this.codec = codec
  }

  read(message: Uint8Array, party: Party): readonly Request[] {
    const frame = this.codec.parse(message)
    // Credit is never held up by what waits.
    if (frame.case !== 'ack') return [() => new Conversation(party).handle(frame)]
    party.acknowledge(frame.value.bytes)
    return nothing
  }

  write(frame: ServerFrame['frame']): Uint8Array {
    return this.codec.frame(frame)
  }

  beat(party: Party, spoke: boolean): void {
    if (!spoke) party.notify(pongFrame)
  }

  ping(link: Link): void {
    link.ping()
  }

  closeCode(why: ErrorCode | 'restart'): number {
    return why === 'restart' ? SERVICE_RESTART : closeCode(why)
  }
}

export const protobufDialect: Dialect = new WeirDialect(protobufCodec)
export const jsonDialect: Dialect = new WeirDialect(jsonCodec)
export const sseDialect: Dialect = new WeirDialect(sseCodec)

const nothing: readonly Request[] = []

/** Of the registry of RFC 6455 section 11.7: reconnect. */
const SERVICE_RESTART = 1012
