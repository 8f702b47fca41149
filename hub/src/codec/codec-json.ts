import { create, fromBinary } from '@bufbuild/protobuf'
import {
  type BatchHead,
  clientFrameFromJson,
  EventSchema,
  entryEvent,
  eventToJsonText,
  formatCursor,
  Removal,
  ServerFrameSchema,
  serverFrameToJson,
  WeirError,
} from '@weir/proto'
import type { Entry } from '../engine/log/entry.ts'
import type { FrameCodec } from './frame-codec.ts'

/**
 * The subprotocol weir.v1.json: for people and plain tools. Here events are decoded, once for all
 * clients of a channel.
 */
export const jsonCodec: FrameCodec = {
  index: 1,
  binary: false,

  batch(head: BatchHead, epoch: number, entries: readonly Entry[]): Uint8Array {
    const { channel, from, to, conflated, uncounted } = head
    const cursor = formatCursor({ epoch, seq: to })
    const fields = `"channel":${channel},"from":${from},"to":${to},"cursor":"${cursor}","conflated":${conflated}`
    const counted = uncounted ? ',"uncounted":true' : ''
    return encoder.encode(`{"type":"batch",${fields}${counted},"entries":[${entries.map(entryJson).join(',')}]}`)
  },

  addPositions(batch, further) {
    // The head comes before what producers wrote.
    return encoder.encode(decoder.decode(batch).replace(/"cursor":"[0-9a-z-]+/, `$&_${further}`))
  },

  frame(frame) {
    return encoder.encode(serverFrameToJson(create(ServerFrameSchema, { frame })))
  },

  parse(message) {
    return clientFrameFromJson(decode(message)).frame
  },
}

/**
 * An entry as JSON. An event that cannot be decoded is not the client's fault: it gets the subject
 * without an event.
 */
export function entryJson(entry: Entry): string {
  const head = `{"subject":"${entry.state.subject}","seq":${entry.seq}`
  if (entry.removal !== Removal.UNSPECIFIED)
    return `${head},"removed":"${entry.removal === Removal.EXPIRED ? 'EXPIRED' : 'DELETED'}"}`
  try {
    const event = fromBinary(EventSchema, entryEvent(entry.bytes, entry.start, entry.end))
    return `${head},"event":${eventToJsonText(event)}}`
  } catch {
    return `${head},"event":null}`
  }
}

function decode(message: Uint8Array): string {
  try {
    return decoder.decode(message)
  } catch (cause) {
    throw new WeirError('malformed', 'The message is not UTF-8 text.', { cause })
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })
