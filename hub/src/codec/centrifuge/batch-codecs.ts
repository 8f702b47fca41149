import type { BatchHead } from '@weir/proto'
import type { Reads } from '../../engine/delivery/channel-kind.ts'
import type { Codec } from '../../engine/delivery/codec.ts'
import type { Entry } from '../../engine/log/entry.ts'
import { ByteWriter, varintBytes } from './byte-writer.ts'
import { channelNameOf } from './channel-name.ts'
import { describe, type Told } from './publication.ts'
import { JsonPublication } from './publication-json.ts'
import { ProtobufPublication } from './publication-protobuf.ts'

/**
 * Batches as pushes of the Centrifuge protocol: a message has one for each entry, a line each. The
 * protocol has no word for a batch without entries, so that one has no bytes.
 */
export const centrifugeJsonCodec: Codec = {
  index: 3,
  binary: false,

  batch(head: BatchHead, _epoch: number, entries: readonly Entry[], reads: Reads): Uint8Array {
    out.clear()
    const open = `{"push":{"channel":"${channelNameOf(reads)}","pub":`
    let told: Told = head
    for (const entry of entries) {
      if (out.length > 0) out.ascii('\n')
      out.ascii(open)
      describe(entry, reads, told, jsonPublication)
      out.ascii('}}')
      told = nothingMore
    }
    return out.written
  },
}

/** The same in Protobuf: each push begins with its length. */
export const centrifugeProtobufCodec: Codec = {
  index: 4,
  binary: true,

  batch(head: BatchHead, _epoch: number, entries: readonly Entry[], reads: Reads): Uint8Array {
    out.clear()
    const name = channelNameOf(reads)
    const channelBytes = 1 + varintBytes(name.length) + name.length
    let told: Told = head
    for (const entry of entries) {
      publication.clear()
      describe(entry, reads, told, protobufPublication)
      const { written } = publication
      const pushBytes = channelBytes + 1 + varintBytes(written.length) + written.length
      out.varint(1 + varintBytes(pushBytes) + pushBytes)
      out.byte(TAG_REPLY_PUSH)
      out.varint(pushBytes)
      out.byte(TAG_PUSH_CHANNEL)
      out.varint(name.length)
      out.ascii(name)
      out.byte(TAG_PUSH_PUBLICATION)
      out.varint(written.length)
      out.copy(written, 0, written.length)
      told = nothingMore
    }
    return out.written
  },
}

const nothingMore: Told = { conflated: 0, uncounted: false }

const out = new ByteWriter(131_072)
const publication = new ByteWriter(16_384)
const jsonPublication = new JsonPublication(out)
const protobufPublication = new ProtobufPublication(publication)

/**
 * Publications of entries by themselves, each in bytes of its own, for answers. The first says what
 * was left out.
 */
export function jsonPublications(entries: readonly Entry[], reads: Reads, told: Told = nothingMore): Uint8Array[] {
  return entries.map((entry, index) => {
    out.clear()
    describe(entry, reads, index === 0 ? told : nothingMore, jsonPublication)
    return out.written.slice()
  })
}

export function protobufPublications(entries: readonly Entry[], reads: Reads, told: Told = nothingMore): Uint8Array[] {
  return entries.map((entry, index) => {
    publication.clear()
    describe(entry, reads, index === 0 ? told : nothingMore, protobufPublication)
    return publication.written.slice()
  })
}

// Field number and wire type, by hub/proto/centrifuge/v2/client.proto.
const TAG_REPLY_PUSH = 0x22
const TAG_PUSH_CHANNEL = 0x12
const TAG_PUSH_PUBLICATION = 0x22
