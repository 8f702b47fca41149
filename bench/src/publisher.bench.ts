/**
 * What an acknowledged publish costs this process, CPU microseconds a message: the floor (plain nc.publish, replies only
 * counted), mesh's Publisher, and the NATS client's own js.publish, in one run against one nats-server.
 *
 *   node bench/src/publisher.bench.ts    (or bun)
 */
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

const payload: Uint8Array = new Uint8Array(200).fill(0x61)
const unanswered = 4_000

const server = await startNats()
const nc: NatsConnection = await connectNats({ url: server.url, name: 'bench', log: createLogger('bench', 'warn') })
await provisionTenant(nc, 'main', defaultTenantSpec)
const publisher: Publisher = new Publisher(nc)
const js = jetstream(nc)
const subject: string = eventSubject('main', 'bench.one')

await publishes(20_000, (id) => publisher.publish('main', 'bench.one', id, payload))
const floor: number = await plain(200_000)
report('nc.publish, replies counted', floor, floor)
report('Publisher', await publishes(200_000, (id) => publisher.publish('main', 'bench.one', id, payload)), floor)
report('js.publish', await publishes(40_000, (id) => js.publish(subject, payload, { msgID: id })), floor)

await publisher.drain()
await nc.close()
await server.stop()

function report(name: string, us: number, base: number): void {
  console.log(`${name.padEnd(30)} ${us.toFixed(2).padStart(6)} us/message  ${(us / base).toFixed(2)} x the floor`)
}

/** `count` publishes by as many loops as may be unanswered; gives CPU microseconds a message. */
async function publishes(count: number, publish: (id: string) => Promise<unknown>): Promise<number> {
  const run = crypto.randomUUID()
  let next = 0
  const before = process.cpuUsage()
  const loop = async (): Promise<void> => {
    while (next < count) await publish(`${run}${next++}`)
  }
  await Promise.all(Array.from({ length: unanswered }, loop))
  return cpuUs(before) / count
}

/** The same without ids, promises or retries: what no publisher over this client can go below. */
function plain(count: number): Promise<number> {
  const before = process.cpuUsage()
  return new Promise((resolve) => {
    let sent = 0
    let answered = 0
    const reply = '_INBOX_bench.plain'
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
    for (let at = 0; at < unanswered; at++) send()
  })
}

function cpuUs(before: NodeJS.CpuUsage): number {
  const used = process.cpuUsage(before)
  return used.user + used.system
}
