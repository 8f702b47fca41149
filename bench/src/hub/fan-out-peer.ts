/**
 * What the hub's fan-out is measured against, on the same uWebSockets.js and the same Node, a
 * process of its own:
 *   each      one send an event a client, of events that come from NATS as they come to the hub
 *   topics    the same by uWebSockets.js' own publish to a topic
 *   prebuilt  one batch that was built before, to all clients of one channel after the other, as
 *             many a second as is said, or as fast as they take it: what no hub can exceed
 *
 *   node bench/src/hub/fan-out-peer.ts each|topics <nats url>
 *   node bench/src/hub/fan-out-peer.ts prebuilt <entries in a batch> <bytes of an event> \
 *     <channels> <batches a second, or 0>
 *
 * Its first line of output is {"port"}.
 */

import uws from 'uWebSockets.js'
import process from 'node:process'
import { connectNats, createLogger, liveSubject } from '@weir/mesh'
import { batchHeadBytes, entryBytesMax, writeBatchHead, writeEntry } from '@weir/proto'
import { BenchEvent, benchSubject } from '../frames/bench-event.ts'

const [kind = '', ...args] = process.argv.slice(2)
const sockets: uws.WebSocket<unknown>[] = []
const topic = 'all'
/** The hub's take as much, once a measurement is on its way. */
const sequenceOfThreeBytes = 100_000
/**
 * The first client acknowledges each batch; what the others acknowledge costs what it costs, and is
 * not looked at.
 */
let acknowledged: () => void = () => undefined

const app = uws.App().ws('/v1/ws', {
  compression: uws.DISABLED,
  maxBackpressure: 0,
  idleTimeout: 0,
  sendPingsAutomatically: false,
  open: (socket) => {
    sockets.push(socket)
    // A subscriber of a topic takes a slower path for what is sent to it alone.
    if (kind === 'topics') socket.subscribe(topic)
  },
  message: (socket) => {
    if (socket === sockets[0]) acknowledged()
  },
  close: (socket) => void sockets.splice(sockets.indexOf(socket), 1),
})
app.listen('127.0.0.1', 0, (socket) => {
  if (socket !== false) console.log(JSON.stringify({ port: uws.us_socket_local_port(socket) }))
})

if (kind === 'prebuilt') sendPrebuilt(Number(args[0]), Number(args[1]), Number(args[2]), Number(args[3]))
else await forward(args[0] ?? '')

/** Each event as a batch of one, so that the generator reads it as it reads the hub. */
async function forward(natsUrl: string): Promise<void> {
  const nc = await connectNats({ url: natsUrl, name: 'peer', log: createLogger('peer', 'warn') })
  const prefix = `${liveSubject('main', 'events')}.`.length
  let seq = 0
  nc.subscribe(`${liveSubject('main', 'events')}.>`, {
    callback: (_error, message) => {
      const frame = batch([message.subject.slice(prefix)], message.data, seq++)
      if (kind === 'topics') app.publish(topic, frame, true)
      else for (const socket of sockets) socket.send(frame, true)
    },
  })
}

/**
 * Sends to channel after channel so many batches a second, or for 0 while at most three are on
 * their way to the first client: about as many bytes as the hub has on their way. The bytes are
 * always the same, as the hub's always stand in the same buffer. `entries` need not be whole: it is
 * the mean of two sizes.
 */
function sendPrebuilt(entries: number, eventBytes: number, channels: number, perSecond: number): void {
  const event = new BenchEvent(eventBytes).encode(1, 0)
  const [small, large] = [Math.floor(entries), Math.floor(entries) + 1].map((count) => {
    const subjects = Array.from({ length: count }, (_, index) => benchSubject(index % 100))
    // The generator knows batches by where they begin.
    return batch(subjects, event, sequenceOfThreeBytes + count)
  }) as [Uint8Array, Uint8Array]
  let owed = 0
  let sent = 0
  const next = (): void => {
    owed += entries % 1
    const frame = owed >= 1 ? large : small
    owed %= 1
    for (let index = sent++ % channels; index < sockets.length; index += channels) sockets[index]?.send(frame, true)
  }
  if (perSecond > 0) {
    const start = performance.now()
    setInterval(() => {
      for (let due = ((performance.now() - start) * perSecond) / 1000 - sent; due > 0; due--) next()
    }, 1)
    return
  }
  acknowledged = () => setImmediate(next)
  const waiting = setInterval(() => {
    if (sockets.length === 0) return
    clearInterval(waiting)
    for (let count = 0; count < 3; count++) next()
  }, 200)
}

function batch(subjects: readonly string[], event: Uint8Array, from: number): Uint8Array {
  const entries = new Uint8Array(subjects.reduce((sum, { length }) => sum + entryBytesMax(length, event.length), 0))
  let end = 0
  for (const [index, subject] of subjects.entries()) end = writeEntry(entries, end, subject, from + 1 + index, event, 0)
  const head = { channel: 1, from, to: from + subjects.length, conflated: 0, uncounted: false }
  const frame = new Uint8Array(batchHeadBytes(head, end) + end)
  frame.set(entries.subarray(0, end), writeBatchHead(frame, 0, head, end))
  return frame
}
