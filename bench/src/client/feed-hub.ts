/**
 * A hub that has one thing to do, so that a client is what is measured: it sends batches that were
 * built before, within the window, so many events a second or as fast as they are acknowledged. It
 * also serves the files of a folder, for a page.
 *
 *   node bench/src/client/feed-hub.ts <events a second, or 0> <events in a batch> [<folder>]
 *
 * Its first line of output is {"port"}.
 */

import uws from 'uWebSockets.js'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import {
  batchHeadBytes,
  type ClientFrame,
  clientFrameFromJson,
  decodeClientFrame,
  decodeEvent,
  encodeServerFrame,
  entryBytesMax,
  eventToJsonText,
  formatCursor,
  type ServerFrame,
  serverFrameToJson,
  startValues,
  writeBatchHead,
  writeEntry,
} from '@weir/proto'
import { benchSubject } from '../frames/bench-event.ts'
import { readingEvent } from './reading-event.ts'

const [eventsPerSecond = 0, entries = 0] = process.argv.slice(2).map(Number)
const folder = process.argv[4]
const epoch = 1
const event = readingEvent()
const eventText = eventToJsonText(decodeEvent(event))

interface Reader {
  readonly isJson: boolean
  windowBytes: number
  inFlightBytes: number
  channel: number
  seq: number
  /** When it began to read, by performance.now. */
  startedAt: number
}

const readers: Set<uws.WebSocket<Reader>> = new Set()

const app = uws.App().ws<Reader>('/v1/ws', {
  compression: uws.DISABLED,
  maxBackpressure: 0,
  idleTimeout: 0,
  upgrade(response, request, context) {
    const protocol = request.getHeader('sec-websocket-protocol')
    const reader: Reader = {
      isJson: protocol === 'weir.v1.json',
      windowBytes: 0,
      inFlightBytes: 0,
      channel: 0,
      seq: 0,
      startedAt: 0,
    }
    const [key, extensions] = ['sec-websocket-key', 'sec-websocket-extensions'].map((name) => request.getHeader(name))
    response.upgrade(reader, key ?? '', protocol, extensions ?? '', context)
  },
  message: (socket, message) => heard(socket, frameOf(socket, message)),
  close: (socket) => void readers.delete(socket),
})
app.get('/*', (response, request) => {
  const path = request.getUrl() === '/' ? '/index.html' : request.getUrl()
  response.writeHeader('content-type', path.endsWith('.js') ? 'text/javascript' : 'text/html')
  response.end(path === '/favicon.ico' || folder === undefined ? '' : readFileSync(join(folder, path)))
})
app.listen('127.0.0.1', 0, (socket) => {
  if (socket !== false) console.log(JSON.stringify({ port: uws.us_socket_local_port(socket) }))
})
if (eventsPerSecond > 0) setInterval(() => readers.forEach(pump), 1)

function frameOf(socket: uws.WebSocket<Reader>, message: ArrayBuffer): ClientFrame['frame'] {
  if (socket.getUserData().isJson) return clientFrameFromJson(Buffer.from(message).toString()).frame
  return decodeClientFrame(new Uint8Array(message.slice(0))).frame
}

function heard(socket: uws.WebSocket<Reader>, frame: ClientFrame['frame']): void {
  const reader = socket.getUserData()
  if (frame.case === 'hello') {
    reader.windowBytes = frame.value.windowBytes
    const limits = { windowBytes: reader.windowBytes, frameBytesMax: 1e6, subscriptionsMax: 1, filtersMax: 1 }
    const value = { session: 's', hub: 'feed', heartbeatMs: 1e6, tokenExpires: 0n }
    say(socket, {
      case: 'welcome',
      value: {
        $typeName: 'weir.v1.Welcome',
        ...value,
        limits: { $typeName: 'weir.v1.Limits', ...limits, intervalMsMax: 0 },
      },
    })
  } else if (frame.case === 'subscribe') {
    reader.channel = frame.value.id
    const cursor = { $typeName: 'weir.v1.Cursor' as const, epoch: BigInt(epoch), seq: 0n }
    const { id } = frame.value
    const value = { $typeName: 'weir.v1.Subscribed' as const, id, channel: id, cursor, start: startValues.HEAD }
    say(socket, { case: 'subscribed', value })
    reader.startedAt = performance.now()
    readers.add(socket)
    pump(socket)
  } else if (frame.case === 'ack') {
    reader.inFlightBytes -= frame.value.bytes
    pump(socket)
  }
}

function say(socket: uws.WebSocket<Reader>, frame: Exclude<ServerFrame['frame'], { case: 'batch' }>): void {
  const whole: ServerFrame = { $typeName: 'weir.v1.ServerFrame', frame }
  if (socket.getUserData().isJson) socket.send(serverFrameToJson(whole))
  else socket.send(encodeServerFrame(whole), true)
}

/** Sends what is due and has room. What had no room when it was due is not made up for. */
function pump(socket: uws.WebSocket<Reader>): void {
  const reader = socket.getUserData()
  for (;;) {
    const due = ((performance.now() - reader.startedAt) * eventsPerSecond) / 1000 - reader.seq
    if (eventsPerSecond > 0 && due < entries) return
    const message = reader.isJson ? jsonBatch(reader) : batch(reader)
    if (reader.inFlightBytes + message.length > reader.windowBytes) return
    reader.inFlightBytes += message.length
    reader.seq += entries
    socket.send(message, !reader.isJson)
  }
}

function batch({ channel, seq }: Reader): Uint8Array {
  let end = 0
  for (let at = 0; at < entries; at++) {
    end = writeEntry(scratch, end, benchSubject(at % 100), seq + at + 1, event, 0)
  }
  const head = { channel, from: seq, to: seq + entries, conflated: 0, uncounted: false }
  const frame = new Uint8Array(batchHeadBytes(head, end) + end)
  frame.set(scratch.subarray(0, end), writeBatchHead(frame, 0, head, end))
  return frame
}

function jsonBatch({ channel, seq }: Reader): string {
  const texts: string[] = []
  for (let at = 0; at < entries; at++) {
    texts.push(`{"subject":"${benchSubject(at % 100)}","seq":${seq + at + 1},"event":${eventText}}`)
  }
  const [from, to] = [seq, seq + entries]
  const cursor = formatCursor({ epoch, seq: to })
  const head = `{"type":"batch","channel":${channel},"from":${from},"to":${to},"cursor":"${cursor}","conflated":0`
  return `${head},"entries":[${texts.join(',')}]}`
}

const scratch = new Uint8Array(entries * entryBytesMax(benchSubject(99).length, event.length))
