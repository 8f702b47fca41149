import process from 'node:process'
import {
  connectNats,
  createLogger,
  defaultTenantSpec,
  eventSubject,
  jetstream,
  type NatsConnection,
  Publisher,
  provisionTenant,
} from '@weir/mesh'
import { startNats } from '@weir/mesh/testing'
import type { Benchmark, BenchmarkOptions } from './report/benchmark.ts'

/** Guards the budget of mesh/src/publish/publisher.ts. */
export const publisher: Benchmark = {
  name: 'publisher',
  title: 'CPU of one acknowledged publish in the process that publishes',
  run,
}

const payload: Uint8Array = new Uint8Array(200).fill(0x61)
const subject: string = eventSubject('main', 'bench.one')
const batchSize = 500

async function run({ quick, report }: BenchmarkOptions): Promise<void> {
  const count = quick ? 20_000 : 200_000
  const ownUs = await cost(new Publisher(echoing()), count, 1)
  report({ name: 'of its own, over a connection that only answers', value: ownUs, unit: 'us', budget: { atMost: 2 } })

  const server = await startNats()
  const nc = await connectNats({ url: server.url, name: 'bench', log: createLogger('bench', 'warn') })
  await provisionTenant(nc, 'main', defaultTenantSpec)
  const publisher = new Publisher(nc)
  const js = jetstream(nc)
  const floorUs = await floor(nc, count)
  const publishUs = await cost(publisher, count, 8)
  const peerUs = await loops(count / 5, 4_000, (id) => js.publish(subject, payload, { msgID: id }))
  report({ name: 'the client alone: no id, answers only counted', value: floorUs, unit: 'us' })
  report({
    name: 'Publisher, 8 batches of 500 under way',
    value: publishUs,
    unit: 'us',
    peer: { name: 'js.publish of the NATS client', value: peerUs },
    budget: { atMost: 0.333, of: 'ratio' },
  })

  await publisher.drain()
  await nc.close()
  await server.stop()
}

/**
 * CPU microseconds a message, in so many loops of batches, after a first round in which the code
 * gets hot.
 */
async function cost(publisher: Publisher, count: number, width: number): Promise<number> {
  const batch = (id: string): Promise<unknown> =>
    publisher.publishAll(Array.from({ length: batchSize }, (_, at) => ({ subject, id: `${id}${at}`, payload })))
  await loops(40, width, batch)
  return (await loops(count / batchSize, width, batch)) / batchSize
}

/**
 * Calls `publish` `count` times in so many loops, each with another id; gives CPU microseconds a
 * call.
 */
async function loops(count: number, width: number, publish: (id: string) => Promise<unknown>): Promise<number> {
  const run = crypto.randomUUID()
  const before = process.cpuUsage()
  let next = 0
  const loop = async (): Promise<void> => {
    while (next < count) await publish(`${run}${next++}-`)
  }
  await Promise.all(Array.from({ length: width }, loop))
  return cpuUs(before) / count
}

/**
 * A connection that acknowledges each message without sending it, in the next turn of the event
 * loop. It has what the Publisher uses of one: commands in bytes, and a parser of bytes.
 */
function echoing(): NatsConnection {
  // The state is that between two frames.
  const parser = { state: 0, parse: (_chunk: Uint8Array): void => {} }
  const sendCommand = (frames: Uint8Array): void => {
    setImmediate(() => parser.parse(acknowledgements(frames)))
  }
  const info = { headers: true, max_payload: 1_048_576 }
  return {
    protocol: { info, noMorePublishing: false, outBytes: 0, outMsgs: 0, isClosed: () => false, parser, sendCommand },
    subscribe: () => ({ getID: () => 1, unsubscribe: () => {} }),
    async *status() {
      await new Promise(() => {})
    },
  } as unknown as NatsConnection
}

/** Of frames in the form `HPUB <subject> <reply> <header bytes> <bytes>`. */
function acknowledgements(frames: Uint8Array): Uint8Array {
  const ack = '{"stream":"EV_main","seq":123456}'
  const text = Buffer.from(frames.buffer, frames.byteOffset, frames.length).toString('latin1')
  let answers = ''
  for (let at = 0; at < text.length; ) {
    const lineEnd = text.indexOf('\r\n', at)
    const [, , reply, , bytes] = text.slice(at, lineEnd).split(' ')
    answers += `MSG ${reply} 1 ${ack.length}\r\n${ack}\r\n`
    at = lineEnd + Number(bytes) + 4
  }
  return Buffer.from(answers, 'latin1')
}

/** Without ids, promises or retries: what no publisher over this client can go below. */
function floor(nc: NatsConnection, count: number): Promise<number> {
  const before = process.cpuUsage()
  const reply = '_INBOX_bench.floor'
  return new Promise((resolve) => {
    let sent = 0
    let answered = 0
    const send = (): void => {
      sent++
      nc.publish(subject, payload, { reply })
    }
    const replies = nc.subscribe(reply, {
      callback: () => {
        answered++
        if (sent < count) send()
        if (answered < count) return
        replies.unsubscribe()
        resolve(cpuUs(before) / count)
      },
    })
    for (let at = 0; at < 4_000; at++) send()
  })
}

function cpuUs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return user + system
}
