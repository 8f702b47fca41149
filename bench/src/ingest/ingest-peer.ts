/**
 * What ingest.bench.ts measures ingest against, a process of its own: the events of its Protobuf
 * batch straight into the stream, by mesh's Publisher with nothing around it, or by the NATS
 * client's js.publish.
 *
 *   bun bench/src/ingest/ingest-peer.ts <nats url> publisher|js <ms>
 *
 * The last line of its output is {"perSecond"}.
 */

import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { connectNats, createLogger, eventSubject, jetstream, Publisher } from '@weir/mesh'
import { EventBatchSchema, EventSchema } from '@weir/proto'
import { requestPlan } from './ingest-requests.ts'

const [url = '', kind = '', ms = ''] = process.argv.slice(2)
const nc = await connectNats({ url, name: 'bench', log: createLogger('bench', 'warn') })
const messages = templateMessages()
const run = crypto.randomUUID().slice(0, 8)
let stored = 0
let batches = 0
let running = true

const publisher = new Publisher(nc)
const js = jetstream(nc)
/** As many requests as ingest has under way, each of 500 events. */
const loops = 16

async function byPublisher(): Promise<void> {
  while (running) {
    const batch = batches++
    await publisher.publishAll(messages.map((message, at) => ({ ...message, id: `${run}-${batch}-${at}` })))
    stored += messages.length
  }
}

async function byJs(): Promise<void> {
  while (running) {
    const batch = batches++
    await Promise.all(
      messages.map(({ subject, payload }, at) => js.publish(subject, payload, { msgID: `${run}-${batch}-${at}` })),
    )
    stored += messages.length
  }
}

const start = performance.now()
const work = Array.from({ length: loops }, kind === 'js' ? byJs : byPublisher)
await sleep(Number(ms))
running = false
const perSecond = stored / ((performance.now() - start) / 1000)
await Promise.all(work)
console.log(JSON.stringify({ perSecond }))
await nc.close()

function templateMessages(): { subject: string; payload: Uint8Array }[] {
  const { bytes } = requestPlan('batch-protobuf', 'none')
  const body = bytes.subarray(Buffer.from(bytes).indexOf('\r\n\r\n') + 4)
  return fromBinary(EventBatchSchema, body).items.map(({ subject, event }) => {
    if (event === undefined) throw new Error('An item of the plan has no event.')
    return { subject: eventSubject('main', subject), payload: toBinary(EventSchema, event) }
  })
}
