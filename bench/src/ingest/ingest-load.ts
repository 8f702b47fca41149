/**
 * The load generator of ingest.bench.ts, a process of its own: raw keep-alive sockets, one request
 * at a time on each, and no HTTP client, so that most of the machine is left to what is measured.
 *
 *   bun bench/src/ingest/ingest-load.ts <port> <token> <plan> <connections> <ms> [requests/s]
 *
 * The last line of its output is a Load in JSON. With a rate, requests are sent on schedule and a
 * latency counts from when its request was due, so a stall is not hidden by the requests that it
 * held back.
 */

import { connect, type Socket } from 'node:net'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { type PlanName, requestPlan } from './ingest-requests.ts'

/** What came of one run. */
export interface Load {
  readonly seconds: number
  /** Requests that were answered with 200 or 204. */
  readonly requests: number
  readonly records: number
  /** Answers by status, the others too. */
  readonly statuses: Readonly<Record<string, number>>
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuSeconds: number
}

const [port = '', token = '', name = '', connections = '', durationMs = '', rate = ''] = process.argv.slice(2)
const plan = requestPlan(name as PlanName, token)
const perSecond = Number(rate)
const statuses: Record<string, number> = {}
const latencies: number[] = []
let next = 0
let due: number[] = []
const idle: Connection[] = []

const nothing = Buffer.alloc(0)

class Connection {
  readonly #socket: Socket
  readonly #request = Buffer.from(plan.bytes)
  #received: Buffer = nothing
  #began = 0

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
  }

  send(began: number): void {
    this.#began = began
    const counter = String(next++).padStart(plan.counterDigits, '0')
    for (const at of plan.counters) this.#request.write(counter, at, 'latin1')
    this.#socket.write(this.#request)
  }

  #take(chunk: Buffer): void {
    const received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const head = received.indexOf('\r\n\r\n')
    if (head < 0 || received.length < head + 4 + contentLength(received, head)) {
      this.#received = received
      return
    }
    const status = received.toString('latin1', 9, 12)
    if (!status.startsWith('20') && statuses[status] === undefined) process.stderr.write(`${received.toString()}\n`)
    statuses[status] = (statuses[status] ?? 0) + 1
    latencies.push(performance.now() - this.#began)
    this.#received = nothing
    answered(this)
  }

  end(): void {
    this.#socket.destroy()
  }
}

/**
 * Of an answer whose head, which ends there, has the name in one of the two ways in which servers
 * write it.
 */
function contentLength(answer: Buffer, head: number): number {
  const named = Math.max(answer.indexOf('\r\nContent-Length: '), answer.indexOf('\r\ncontent-length: '))
  // 204 has none.
  return named < 0 ? 0 : Number.parseInt(answer.toString('latin1', named + 18, head), 10)
}

let running = true

function answered(connection: Connection): void {
  if (!running) return
  if (perSecond === 0) {
    connection.send(performance.now())
    return
  }
  const began = due.shift()
  if (began === undefined) idle.push(connection)
  else connection.send(began)
}

const open = await Promise.all(
  Array.from(
    { length: Number(connections) },
    () =>
      new Promise<Connection>((resolve, reject) => {
        const socket = connect(Number(port), '127.0.0.1', () => resolve(new Connection(socket)))
        socket.once('error', reject)
      }),
  ),
)

const cpuBefore = process.cpuUsage()
const start = performance.now()
if (perSecond === 0) {
  for (const connection of open) connection.send(performance.now())
} else {
  idle.push(...open)
  let scheduled = 0
  const timer = setInterval(() => {
    const now = performance.now()
    for (; scheduled < ((now - start) * perSecond) / 1000; scheduled++) {
      const at = start + (scheduled * 1000) / perSecond
      const connection = idle.pop()
      if (connection === undefined) due.push(at)
      else connection.send(at)
    }
    if (!running) clearInterval(timer)
  }, 1)
}
await sleep(Number(durationMs))
running = false
due = []
const seconds = (performance.now() - start) / 1000
const { user, system } = process.cpuUsage(cpuBefore)
const requests = (statuses['200'] ?? 0) + (statuses['204'] ?? 0)
latencies.sort((a, b) => a - b)
const load: Load = {
  seconds,
  requests,
  records: requests * plan.records,
  statuses,
  p50Ms: latencies[Math.floor(latencies.length * 0.5)] ?? 0,
  p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
  cpuSeconds: (user + system) / 1e6,
}
console.log(JSON.stringify(load))
for (const connection of open) connection.end()
