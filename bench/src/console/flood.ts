/**
 * Publishes readings to the tenant main, acknowledged by the stream, so many a second over so many
 * subjects, until its input ends; its only line of output is a Flooded.
 *
 *   node bench/src/console/flood.ts <NATS> <events a second> <subjects>
 */
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectNats, createLogger, eventSubject, type Outgoing, Publisher } from '@weir/mesh'
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
const messagesAtOnce = 256
/** What a store that is too slow leaves over is not sent, and the figure says so. */
const inFlightMost = 20_000

// Its name is that of its user, who may hear replies in an inbox of that name alone.
const nc = await connectNats({ url, name: 'admin', log: createLogger('bench', 'warn') })
const publisher = new Publisher(nc, { inFlightMax: 2 * inFlightMost, inFlightBytesMax: 1e9 })
const names = Array.from({ length: subjects }, (_, at) => eventSubject('main', floodSubject(at)))
const payloads = Array.from({ length: variants }, (_, at) => reading(at))
const run = crypto.randomUUID()
let [sent, stored, ended] = [0, 0, false]
process.stdin.on('end', () => (ended = true)).resume()

const began = performance.now()
while (!ended) {
  const due = Math.floor(((performance.now() - began) * perSecond) / 1000) - sent
  for (let left = Math.min(due, inFlightMost - publisher.inFlight); left > 0; left -= messagesAtOnce)
    publish(Math.min(left, messagesAtOnce))
  await sleep(1)
}
const seconds = (performance.now() - began) / 1000
const events = stored
await publisher.drain()
await nc.close()
console.log(JSON.stringify({ events, seconds } satisfies Flooded))

function publish(count: number): void {
  const messages: Outgoing[] = []
  for (let index = 0; index < count; index++) {
    const at = sent++
    const [subject = '', payload] = [names[at % subjects], payloads[at % variants]]
    if (payload !== undefined) messages.push({ subject, id: `${run}-${at}`, payload })
  }
  void publisher.publishAll(messages).then((outcomes) => {
    stored += outcomes.filter((outcome) => !(outcome instanceof Error)).length
  })
}

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
