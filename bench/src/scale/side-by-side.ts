// What hubs behind one address deliver together, what that costs, and how late it is.

import { setTimeout as sleep } from 'node:timers/promises'
import { LatencyHistogram } from '../load/latency-histogram.ts'
import type { PublishPlan } from '../load/load-plan.ts'
import { cpuSeconds } from '../processes/process-usage.ts'
import type { HubFleet } from './hub-fleet.ts'

/** So many for each hub, so that more hubs have more of them. */
export const subscribersEach = 50
export const eventsPerSecond = 5_000

export interface SideBySide {
  /** Entries a second that reached sockets, published as fast as they take them. */
  readonly deliveriesPerSecond: number
  /** The rest at `eventsPerSecond`. CPU of all hubs for an entry to one socket. */
  readonly deliveryMicros: number
  readonly natsMicrosAnEvent: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of one core: all hubs, and the balancer. */
  readonly hubShare: number
  readonly balancerShare: number
}

/** Measures a fleet that is as large as so many hubs, and ends it. */
export async function sideBySide(fleet: HubFleet, size: number, ms: number): Promise<SideBySide> {
  try {
    const { mesh } = fleet
    const [subscribers, publisher] = [mesh.load(), mesh.load()]
    const count = size * subscribersEach
    await subscribers.ask('open', await fleet.plan(count))
    const traffic: Omit<PublishPlan, 'ms' | 'pace'> = { natsUrl: mesh.nats.url, subjects: 100, eventBytes: 200 }
    const pace = { kind: 'rate', perSecond: eventsPerSecond } as const
    await publisher.ask('publish', { ...traffic, ms: warmUpMs, pace })

    await subscribers.ask('clearLatencies')
    const [hubCpu, natsCpu, balancerCpu] = [
      fleet.cpuSeconds,
      cpuSeconds(mesh.nats.pid),
      fleet.balancer?.cpuSeconds ?? 0,
    ]
    const { events, seconds } = await publisher.ask('publish', { ...traffic, ms, pace })
    await sleep(settleMs)
    const hubSeconds = fleet.cpuSeconds - hubCpu
    const natsSeconds = cpuSeconds(mesh.nats.pid) - natsCpu
    const balancerSeconds = (fleet.balancer?.cpuSeconds ?? 0) - balancerCpu
    const { latencies, faultCount, faults, closed } = await subscribers.ask('tally')
    if (faultCount > 0 || closed > 0) throw new Error(`${closed} sockets closed, ${faultCount} faults: ${faults}`)
    const histogram = new LatencyHistogram()
    histogram.merge(latencies)

    const loop = { kind: 'loop', inFlight: 700, deliveries: count } as const
    const flatOut = subscribers.ask('publish', { ...traffic, ms: ms + warmUpMs + settleMs, pace: loop })
    await sleep(warmUpMs)
    const [before, start] = [(await subscribers.ask('tally')).entries, performance.now()]
    await sleep(ms)
    const [after, end] = [(await subscribers.ask('tally')).entries, performance.now()]
    await flatOut
    return {
      deliveriesPerSecond: ((after - before) / (end - start)) * 1000,
      deliveryMicros: (hubSeconds / (events * count)) * 1e6,
      natsMicrosAnEvent: (natsSeconds / events) * 1e6,
      p50Ms: histogram.quantile(0.5) / 1000,
      p99Ms: histogram.quantile(0.99) / 1000,
      hubShare: hubSeconds / seconds,
      balancerShare: balancerSeconds / seconds,
    }
  } finally {
    await fleet.stop()
  }
}

const warmUpMs = 2_000
/** After the last event was stored, for what is on its way. */
const settleMs = 300
