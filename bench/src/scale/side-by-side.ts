// What hubs behind one address deliver together, what that costs, and how late it is.

import { setTimeout as sleep } from 'node:timers/promises'
import { LatencyHistogram } from '../load/latency-histogram.ts'
import type { LoadReading } from '../load/load-plan.ts'
import type { LoadProcess } from '../load/load-process.ts'
import type { HubFleet } from './hub-fleet.ts'

export const eventsPerSecond = 5_000

export interface SideBySide {
  /**
   * CPU of all hubs for an entry to one socket, where each socket gets a frame in a fixed time. A
   * hub that sends at once sends larger frames when it is busier, and those cost less.
   */
  readonly deliveryMicros: number
  /** Of one core, in that time: all hubs, and the balancer. */
  readonly hubShare: number
  readonly balancerShare: number
  /** To sockets that are sent each event at once. */
  readonly p50Ms: number
  readonly p99Ms: number
  /** Entries a second that reached sockets, published as fast as they take them. */
  readonly deliveriesPerSecond: number
}

/** Measures a fleet that is as large as so many hubs, and ends it. */
export async function sideBySide(fleet: HubFleet, size: number, ms: number): Promise<SideBySide> {
  try {
    const { mesh } = fleet
    const [paced, live, publisher] = [mesh.load(), mesh.load(), mesh.load()]
    const plan = await fleet.plan(size * subscribersEach)
    await paced.ask('open', { ...plan, mode: 'LATEST', intervalMs })
    const traffic = { natsUrl: mesh.nats.url, subjects: 1_000, eventBytes: 200 }
    const pace = { kind: 'rate', perSecond: eventsPerSecond } as const
    await publisher.ask('publish', { ...traffic, ms: warmUpMs, pace })

    const before = await paced.ask('tally')
    const [hubCpu, balancerCpu] = [fleet.cpuSeconds, fleet.balancer?.cpuSeconds ?? 0]
    const { seconds } = await publisher.ask('publish', { ...traffic, ms, pace })
    await sleep(settleMs)
    const hubSeconds = fleet.cpuSeconds - hubCpu
    const balancerSeconds = (fleet.balancer?.cpuSeconds ?? 0) - balancerCpu
    const after = await faultless(paced)
    await paced.ask('close')

    await live.ask('open', plan)
    await publisher.ask('publish', { ...traffic, ms, pace })
    const histogram = new LatencyHistogram()
    histogram.merge((await faultless(live)).latencies)

    const loop = { kind: 'loop', inFlight: 700, deliveries: plan.count } as const
    const flatOut = live.ask('publish', { ...traffic, ms: ms + warmUpMs + settleMs, pace: loop })
    await sleep(warmUpMs)
    const [first, start] = [(await live.ask('tally')).entries, performance.now()]
    await sleep(ms)
    const [last, end] = [(await live.ask('tally')).entries, performance.now()]
    await flatOut
    return {
      deliveryMicros: (hubSeconds / (after.entries - before.entries)) * 1e6,
      hubShare: hubSeconds / seconds,
      balancerShare: balancerSeconds / seconds,
      p50Ms: histogram.quantile(0.5) / 1000,
      p99Ms: histogram.quantile(0.99) / 1000,
      deliveriesPerSecond: ((last - first) / (end - start)) * 1000,
    }
  } finally {
    await fleet.stop()
  }
}

async function faultless(load: LoadProcess): Promise<LoadReading> {
  const reading = await load.ask('tally')
  const { faultCount, faults, closed } = reading
  if (faultCount > 0 || closed > 0) throw new Error(`${closed} sockets closed, ${faultCount} faults: ${faults}`)
  return reading
}

/** So many for each hub, so that more hubs have more of them. */
const subscribersEach = 50
const intervalMs = 50
const warmUpMs = 2_000
/** After the last event was stored, for what is on its way. */
const settleMs = 300
