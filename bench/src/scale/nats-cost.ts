import { cpuSeconds } from '../processes/process-usage.ts'
import { HubFleet } from './hub-fleet.ts'

/** What nats-server costs with one hub that hears, and with more of them. */
export interface NatsTurn {
  readonly oneMicros: number
  readonly manyMicros: number
  /** CPU of nats-server for an event and each further hub. */
  readonly furtherMicros: number
}

/** Each hub has one subscriber, so that what nats-server sends to hubs is what differs. */
export async function natsTurn(ms: number): Promise<NatsTurn> {
  const oneMicros = await microsAnEvent(1, ms)
  const manyMicros = await microsAnEvent(1 + further, ms)
  return { oneMicros, manyMicros, furtherMicros: (manyMicros - oneMicros) / further }
}

async function microsAnEvent(hubs: number, ms: number): Promise<number> {
  const fleet = await HubFleet.start(hubs, 1)
  try {
    const { mesh } = fleet
    const [subscribers, publisher] = [mesh.load(), mesh.load()]
    await subscribers.ask('open', await fleet.plan(hubs))
    const pace = { kind: 'rate', perSecond: 20_000 } as const
    const traffic = { natsUrl: mesh.nats.url, subjects: 100, eventBytes: 200, pace }
    await publisher.ask('publish', { ...traffic, ms: 1_000 })
    const before = cpuSeconds(mesh.nats.pid)
    const { events } = await publisher.ask('publish', { ...traffic, ms })
    return ((cpuSeconds(mesh.nats.pid) - before) / events) * 1e6
  } finally {
    await fleet.stop()
  }
}

const further = 4
