/**
 * One process of the balancer: takes TCP connections at an address that its siblings share, and
 * passes each to the target that has the fewest from here. A target that refuses is passed over for
 * a second, as a health check would find it.
 *
 *   node bench/src/scale/balancer-worker.ts <port>
 */

import { connect, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

interface Target {
  readonly port: number
  connections: number
  /** Until when it is passed over, on the clock of `performance`. */
  awayUntil: number
}

/** The only ones that get new connections; those of others stay. */
let targets: readonly Target[] = []

const passedOverMs = 1_000

const server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true }, (client) => {
  client.on('error', () => client.destroy())
  pass(client)
})
server.listen({ port: Number(process.argv[2]), host: '127.0.0.1', reusePort: true, backlog: 4_096 }, () => {
  say({ listening: true })
})

// Each line is the list of the ports of all targets.
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const ports = JSON.parse(line) as readonly number[]
    const known = new Map(targets.map((target) => [target.port, target]))
    targets = ports.map((port) => known.get(port) ?? { port, connections: 0, awayUntil: 0 })
    say({ targets: ports.length })
  })
  .on('close', () => process.exit(0))

function pass(client: Socket): void {
  const target = leastLoaded()
  if (target === undefined) {
    client.destroy()
    return
  }
  target.connections++
  const upstream = connect({ port: target.port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  const refused = (): void => {
    target.awayUntil = performance.now() + passedOverMs
    pass(client)
  }
  upstream.once('error', refused)
  upstream.once('close', () => void target.connections--)
  upstream.once('connect', () => {
    upstream.off('error', refused)
    if (client.destroyed) upstream.destroy()
    else join(client, upstream)
  })
}

/** Undefined when there is no target that may be there. */
function leastLoaded(): Target | undefined {
  const now = performance.now()
  let least: Target | undefined
  for (const target of targets) {
    if (target.awayUntil <= now && (least === undefined || target.connections < least.connections)) least = target
  }
  return least
}

function join(client: Socket, upstream: Socket): void {
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
    from.pipe(to)
  }
}

function say(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
