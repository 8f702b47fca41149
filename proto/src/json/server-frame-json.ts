import { WeirError } from '../error.ts'
import type { Batch, Entry, ServerFrame } from '../gen/weir/v1/wire_pb.js'
import { cursorFromWire, formatCursor } from '../names/cursor.ts'
import { decodeEvent } from '../wire/decode.ts'
import { enumName, removalValues, startValues } from '../wire/enum-values.ts'
import { eventToJsonText } from './event-json-text.ts'

/**
 * The text of a server's frame for subprotocol `weir.v1.json`. Not for a batch: see batchToJson.
 */
export function serverFrameToJson({ frame }: ServerFrame): string {
  switch (frame.case) {
    case 'welcome': {
      const { session, hub, heartbeatMs, limits, tokenExpires } = frame.value
      const { windowBytes, frameBytesMax, subscriptionsMax, filtersMax, intervalMsMax } = limits ?? noLimits
      return JSON.stringify({
        type: 'welcome',
        session,
        hub,
        heartbeatMs,
        limits: { windowBytes, frameBytesMax, subscriptionsMax, filtersMax, intervalMsMax },
        tokenExpires: Number(tokenExpires),
      })
    }
    case 'subscribed': {
      const { id, channel, cursor, start, shards } = frame.value
      return JSON.stringify({
        type: 'subscribed',
        id,
        channel: shards === undefined ? channel : undefined,
        cursor: cursor && formatCursor(cursorFromWire(cursor)),
        start: enumName(startValues, start),
        shards: shards?.shards.map((each) => ({
          channel: each.channel,
          cursor: each.cursor && formatCursor(cursorFromWire(each.cursor)),
        })),
      })
    }
    case 'gap': {
      const { id, from, to, reason, channel } = frame.value
      const fields = { type: 'gap', id, from: Number(from), to: Number(to), reason }
      return JSON.stringify(channel === 0 ? fields : { ...fields, channel })
    }
    case 'refused': {
      const { id, code, message } = frame.value
      return JSON.stringify({ type: 'refused', id, code, message })
    }
    case 'goaway': {
      const { reason, reconnectAfterMs } = frame.value
      return JSON.stringify({ type: 'goaway', reason, reconnectAfterMs })
    }
    case 'pong':
      return '{"type":"pong"}'
    case 'batch':
    case undefined:
      throw new WeirError('internal', 'A batch needs its epoch (batchToJson), and an empty frame has no JSON form.')
  }
}

/**
 * The text of a batch for subprotocol `weir.v1.json`. A hub has a writer of its own, for events as
 * it holds them.
 */
export function batchToJson(batch: Batch, epoch: number): string {
  const { channel, from, to, conflated, uncounted, entries } = batch
  const head = JSON.stringify({
    type: 'batch',
    channel,
    from: Number(from),
    to: Number(to),
    cursor: formatCursor({ epoch, seq: Number(to) }),
    conflated: Number(conflated),
    uncounted: uncounted || undefined,
  })
  return `${head.slice(0, -1)},"entries":[${entries.map(entryToJson).join(',')}]}`
}

function entryToJson({ subject, seq, content }: Entry): string {
  if (content.case !== 'event') {
    return JSON.stringify({
      subject,
      seq: Number(seq),
      removed: enumName(removalValues, content.value ?? removalValues.UNSPECIFIED),
    })
  }
  const event = eventToJsonText(decodeEvent(content.value))
  return `{"subject":${JSON.stringify(subject)},"seq":${seq},"event":${event}}`
}

const noLimits = { windowBytes: 0, frameBytesMax: 0, subscriptionsMax: 0, filtersMax: 0, intervalMsMax: 0 }
