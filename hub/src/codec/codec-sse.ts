import { type BatchHead, formatCursor, Removal, type ServerFrame, Start, WeirError } from '@weir/proto'
import type { Entry } from '../engine/log/entry.ts'
import { entryJson } from './codec-json.ts'
import type { FrameCodec } from './frame-codec.ts'

/**
 * Server-sent events (WHATWG HTML section 9.2): an entry an event, with the cursor after it as its
 * id, so that the browser resumes by itself. An id alone moves the cursor without an event. Events
 * are decoded, once for all clients of a channel.
 */
export const sseCodec: FrameCodec = {
  index: 2,
  binary: false,

  batch({ to, conflated, uncounted }: BatchHead, epoch: number, entries: readonly Entry[]): Uint8Array {
    const parts = entries.map((entry, index) => {
      // Nothing that matches lies between the last entry and the end of the batch.
      const seq = index === entries.length - 1 ? to : entry.seq
      const event = entry.removal === Removal.UNSPECIFIED ? '' : 'event: removed\n'
      return `${event}id: ${formatCursor({ epoch, seq })}\ndata: ${entryJson(entry)}\n\n`
    })
    if (entries.length === 0) parts.push(`id: ${formatCursor({ epoch, seq: to })}\n\n`)
    if (uncounted) parts.unshift(': uncounted\n')
    if (conflated > 0) parts.unshift(`: ${conflated} conflated\n`)
    return encodeText(parts.join(''))
  },

  addPositions(batch, further) {
    return encoder.encode(decoder.decode(batch).replace(/^id: .*$/gm, `$&_${further}`))
  },

  frame(frame) {
    return frame.case === 'pong' ? commentLine : encodeText(frameText(frame))
  },

  parse() {
    throw new WeirError('malformed', 'A stream of server-sent events takes no frames.')
  },
}

/** What a stream ends with: why, by the close code that a WebSocket would get. */
export function closingEvent(code: number, reason: string): Uint8Array {
  return encodeText(`event: closed\ndata: ${JSON.stringify({ code, reason })}\n\n`)
}

/** What a stream begins with: after how long the browser connects again. */
export function openingLines(retryMs: number): Uint8Array {
  return encoder.encode(`retry: ${retryMs}\n\n`)
}

/** A line that says nothing. */
export const commentLine: Uint8Array = new TextEncoder().encode(':\n\n')

function frameText(frame: ServerFrame['frame']): string {
  switch (frame.case) {
    case 'subscribed': {
      const { cursor, start, shards } = frame.value
      const cursors = shards?.shards.map((each) => each.cursor) ?? [cursor]
      const text = cursors.map((each) => formatCursor({ epoch: Number(each?.epoch), seq: Number(each?.seq) })).join('_')
      // With a snapshot the client drops what it holds; otherwise it only learns where it stands.
      return start === Start.SNAPSHOT ? `event: reset\nid: ${text}\ndata: {"cursor":"${text}"}\n\n` : `id: ${text}\n\n`
    }
    case 'gap': {
      const { from, to, reason } = frame.value
      return `event: gap\ndata: {"from":${from},"to":${to},"reason":${JSON.stringify(reason)}}\n\n`
    }
    case 'goaway': {
      const { reason, reconnectAfterMs } = frame.value
      return `event: goaway\ndata: ${JSON.stringify({ reason, reconnectAfterMs })}\n\n`
    }
    // Welcome, and answers to frames that nobody can send here.
    default:
      return ''
  }
}

/**
 * U+2028 and U+2029 may stand raw in JSON, where they can only be in strings; but there are readers
 * that take them for ends of lines, so they are escaped.
 */
function encodeText(text: string): Uint8Array {
  return encoder.encode(text.replace(/[\u2028\u2029]/g, (one) => (one === '\u2028' ? '\\u2028' : '\\u2029')))
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
