import {
  centrifugeJsonCodec,
  centrifugeProtobufCodec,
  jsonPublications,
  protobufPublications,
} from '../../codec/centrifuge/batch-codecs.ts'
import { readJsonCommands, readProtobufCommands } from '../../codec/centrifuge/command-reader.ts'
import { jsonReply, protobufReply, type ReplyInit } from '../../codec/centrifuge/reply-writer.ts'
import type { Codec } from '../../engine/delivery/codec.ts'

/** What differs between the two encodings of the protocol. */
export interface Encoding {
  readonly codec: Codec
  /** An empty reply. */
  readonly ping: Uint8Array
  readonly read: typeof readJsonCommands
  readonly reply: (reply: ReplyInit) => Uint8Array
  readonly publications: typeof jsonPublications
}

export const encodings: Readonly<Record<'json' | 'protobuf', Encoding>> = {
  json: {
    codec: centrifugeJsonCodec,
    ping: new TextEncoder().encode('{}'),
    read: readJsonCommands,
    reply: jsonReply,
    publications: jsonPublications,
  },
  protobuf: {
    codec: centrifugeProtobufCodec,
    ping: Uint8Array.of(0),
    read: readProtobufCommands,
    reply: protobufReply,
    publications: protobufPublications,
  },
}
