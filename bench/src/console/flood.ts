/**
 * Publishes readings to the tenant main, so many a second over so many subjects, until its input
 * ends; its only line of output is a Flooded. It asks for no acknowledgements and gives no ids, as
 * both would take from the cores that the hub and the page are measured on. What is stored is
 * counted in the stream.
 *
 *   node bench/src/console/flood.ts <NATS> <events a second> <subjects>
 */
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectNats, createLogger, eventStream, eventSubject, streamState } from '@weir/mesh'
import { encodeEvent } from '@weir/proto'
import { floodSubject } from './flood-subject.ts'

export interface Flooded {
  /** Events that the stream has stored. */
  readonly events: number
  readonly seconds: number
}

const [url = '', ...numbers] = process.argv.slice(2)
const [perSecond = 0, subjects = 0] = numbers.map(Number)
/** Payloads that are encoded before the run, so that the publisher costs what publishing costs. */
const variants = 64
/** What a server that is too slow leaves over is not sent, and the figure says so. */
const messagesAtOnce = 1_000

// Its name is that of its user, who may hear replies in an inbox of that name alone.
const nc = await connectNats({ url, name: 'admin', log: createLogger('bench', 'warn') })
const names = Array.from({ length: subjects }, (_, at) => eventSubject('main', floodSubject(at)))
const payloads = Array.from({ length: variants }, (_, at) => reading(at))
let [sent, ended] = [0, false]
process.stdin.on('end', () => (ended = true)).resume()

const { lastSeq: before } = await streamState(nc, eventStream('main'))
const began = performance.now()
while (!ended) {
  const due = Math.floor(((performance.now() - began) * perSecond) / 1000) - sent
  for (let left = Math.min(due, messagesAtOnce); left > 0; left--, sent++)
    nc.publish(names[sent % subjects] ?? '', payloads[sent % variants])
  await nc.flush()
  await sleep(1)
}
const seconds = (performance.now() - began) / 1000
const { lastSeq } = await streamState(nc, eventStream('main'))
await nc.close()
console.log(JSON.stringify({ events: lastSeq - before, seconds } satisfies Flooded))

/** Some 200 bytes, with the four columns that a page makes of them. */
function reading(at: number): Uint8Array {
  const data = { celsius: 18 + at / 8, humidity: 0.4 + at / 640, battery: 87, site: 'abc'[at % 3], ok: at % 7 > 0 }
  return encodeEvent({
    $typeName: 'weir.v1.Event',
    id: `01980c5b-7e66-7cc5-9d9f-5b5b0b1b2c${String(at).padStart(2, '0')}`,
    type: 'climate',
    source: 'sensors',
    time: { $typeName: 'google.protobuf.Timestamp', seconds: BigInt(Math.floor(Date.now() / 1000)), nanos: 0 },
    labels: {},
    traceparent: '',
    data: { case: 'json', value: JSON.stringify(data) },
  })
}
