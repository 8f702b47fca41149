/**
 * A process that is many subscribers, or a publisher, or both; what it does it is told on its input
 * (load-plan.ts). It is run by the pinned Node, whose sockets can read into one shared buffer.
 *
 *   node bench/src/load/load-worker.ts
 */

import process from 'node:process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { nowMicros } from '../frames/bench-event.ts'
import { type BatchCounter, KnownBatches } from '../frames/known-batches.ts'
import { PushCounter } from '../frames/push-reader.ts'
import { TextBatches } from '../frames/text-batches.ts'
import { EventSource } from './event-source.ts'
import { KeptOpen } from './kept-open.ts'
import type { LoadCommands } from './load-plan.ts'
import type { SubscriberPlan } from './subscriber-plan.ts'
import { SubscriberSocket } from './subscriber-socket.ts'
import { Tally } from './tally.ts'

const tally = new Tally()
const text = new TextBatches()
const binary = new KnownBatches()
const counters: Readonly<Record<SubscriberPlan['dialect'], BatchCounter>> = {
  weir: binary,
  plain: binary,
  nats: binary,
  json: text,
  sse: text,
  centrifuge: new PushCounter(),
}
let sockets: SubscriberSocket[] = []
let source: EventSource | undefined
let kept: KeptOpen | undefined

const commands: LoadCommands = {
  async open({ count, channels, tokens, atOnce, ...plan }) {
    const start = performance.now()
    const added = Array.from({ length: count }, (_, index) => {
      const at = sockets.length + index
      const filter = plan.filter.replace('{channel}', String(at % channels))
      const token = tokens[at % tokens.length] ?? ''
      return new SubscriberSocket({ ...plan, filter, token }, tally, counters[plan.dialect])
    })
    sockets = sockets.concat(added)
    await each(added, atOnce, (socket) => socket.open())
    return { seconds: (performance.now() - start) / 1000 }
  },

  async tally() {
    const { user, system } = process.cpuUsage()
    return { ...tally.read(), latencies: tally.latencies.counts, cpuSeconds: (user + system) / 1e6 }
  },

  async halt() {
    source?.halt()
    return null
  },

  async clearLatencies() {
    tally.latencies.clear()
    return null
  },

  async publish(plan) {
    source ??= await EventSource.connect(plan.natsUrl)
    return await source.run(plan, tally)
  },

  async read(pace) {
    clearInterval(pacing)
    for (const socket of sockets) pace.kind === 'all' ? socket.readEverything() : socket.readNothing()
    if (pace.kind === 'rate') pacing = readSlowly(pace.bytes)
    return null
  },

  async bytesRead() {
    return sockets.map(({ bytesRead }) => bytesRead)
  },

  async caughtUp({ ms }) {
    const start = nowMicros()
    const took = new Map<SubscriberSocket, number>()
    while (took.size < sockets.length && nowMicros() - start < ms * 1000) {
      for (const socket of sockets) {
        if (!took.has(socket) && socket.heardOf >= start) took.set(socket, (socket.heardAt - start) / 1000)
      }
      await sleep(2)
    }
    return [...took.values()]
  },

  async followTo({ port }) {
    let moving: SubscriberSocket[] = []
    for (const socket of sockets) socket.onClose = () => void moving.push(socket)
    const timer = setInterval(() => {
      const batch = moving
      moving = []
      void each(batch, 1_000, (socket) => socket.open(port))
    }, 1)
    timer.unref()
    return null
  },

  async keepOpen() {
    kept = new KeptOpen(sockets)
    return null
  },

  async reopened() {
    if (kept === undefined) throw new Error('the sockets are not kept open')
    return kept.read()
  },

  async numbers() {
    const [first, ...others] = sockets.map(({ check }) => check?.numbers ?? new Int32Array(0))
    if (first === undefined) return []
    for (const numbers of others) {
      if (Buffer.compare(bytesOf(first), bytesOf(numbers)) !== 0) throw new Error('the sockets have not seen the same')
    }
    return [...first]
  },

  async close() {
    for (const socket of sockets) socket.close()
    sockets = []
    return null
  },
}

let pacing: NodeJS.Timeout | undefined
const ackDelayMs = 200
const ackSlices = 10
let ackSlice = 0
const readSlices = 10

// What a client acknowledges after 200 ms at the latest, spread over them.
setInterval(() => {
  ackSlice = (ackSlice + 1) % ackSlices
  for (let index = ackSlice; index < sockets.length; index += ackSlices) sockets[index]?.settle()
}, ackDelayMs / ackSlices)

/** Lets each socket read ten times a second, a tenth of them at a time. */
function readSlowly(bytesPerSecond: number): NodeJS.Timeout {
  const allowedAt = new Array<number>(readSlices).fill(performance.now())
  let slice = 0
  return setInterval(() => {
    slice = (slice + 1) % readSlices
    const now = performance.now()
    const bytes = ((now - (allowedAt[slice] as number)) * bytesPerSecond) / 1000
    allowedAt[slice] = now
    for (let index = slice; index < sockets.length; index += readSlices) sockets[index]?.allow(bytes)
  }, 100 / readSlices)
}

createInterface({ input: process.stdin })
  .on('line', (line) => void answer(line))
  .on('close', () => process.exit(0))

async function answer(line: string): Promise<void> {
  const { id, name, argument } = JSON.parse(line) as { id: number; name: keyof LoadCommands; argument: never }
  try {
    say({ id, result: await commands[name](argument) })
  } catch (thrown) {
    say({ id, error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) })
  }
}

function say(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}

async function each<T>(items: readonly T[], atOnce: number, action: (item: T) => Promise<unknown>): Promise<void> {
  let next = 0
  const loop = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await action(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, loop))
}

function bytesOf(numbers: Int32Array): Uint8Array {
  return new Uint8Array(numbers.buffer)
}
