import { setTimeout as sleep } from 'node:timers/promises'
import type { Published, PublishPlan, Reopened } from '../load/load-plan.ts'
import type { LoadProcess } from '../load/load-process.ts'
import { settled } from '../load/settled.ts'
import type { HubFleet } from './hub-fleet.ts'

/**
 * Many clients of a fleet, in several processes, which connect again as the client does; a burst of
 * events every two seconds, and each entry of each client is checked.
 */
export class Crowd {
  readonly #loads: readonly LoadProcess[]
  readonly #publisher: LoadProcess
  readonly #publishing: Promise<Published>

  private constructor(loads: readonly LoadProcess[], publisher: LoadProcess, publishing: Promise<Published>) {
    this.#loads = loads
    this.#publisher = publisher
    this.#publishing = publishing
  }

  /** Resolves when all have subscribed and the events come. */
  static async open(fleet: HubFleet, count: number, processes: number): Promise<Crowd> {
    const { mesh } = fleet
    const publisher = mesh.load()
    const traffic: Omit<PublishPlan, 'ms' | 'pace'> = { natsUrl: mesh.nats.url, subjects, eventBytes: 200 }
    const before = await publisher.ask('publish', {
      ...traffic,
      ms: 1_100,
      pace: { kind: 'rate', perSecond: subjects },
    })
    const loads = Array.from({ length: processes }, () => mesh.load())
    const plan = { ...(await fleet.plan(Math.ceil(count / processes))), checkAfter: before.numbers }
    await Promise.all(
      loads.map(async (load) => {
        await load.ask('open', plan)
        await load.ask('keepOpen')
      }),
    )
    const pace = { kind: 'bursts', perSecond: eventsPerSecond, everyMs: burstMs } as const
    return new Crowd(loads, publisher, publisher.ask('publish', { ...traffic, ms: 600_000, pace }))
  }

  /** What the processes tell, as one. */
  async reopened(): Promise<Reopened> {
    const all = await Promise.all(this.#loads.map((load) => load.ask('reopened')))
    const attempts = new Map<number, number>()
    for (const [tenth, count] of all.flatMap((each) => each.attempts)) {
      attempts.set(tenth, (attempts.get(tenth) ?? 0) + count)
    }
    return {
      attempts: [...attempts],
      ended: all.reduce((sum, { ended }) => sum + ended, 0),
      away: all.reduce((sum, { away }) => sum + away, 0),
      backAtMicros: Math.max(...all.map(({ backAtMicros }) => backAtMicros)),
      atMicros: Math.min(...all.map(({ atMicros }) => atMicros)),
    }
  }

  /** Ends the events. Resolves with how many entries were lost, doubled or out of order. */
  async finish(): Promise<{ readonly wrong: number; readonly note: string }> {
    await sleep(burstMs)
    await this.#publisher.ask('halt')
    const { numbers } = await this.#publishing
    for (const load of this.#loads) await settled(load, numbers, settleMs)
    const seen = await Promise.all(this.#loads.map((load) => load.ask('tally')))
    const wrong = seen.reduce((sum, { gaps, faultCount }) => sum + gaps + faultCount, 0)
    return { wrong, note: seen.flatMap(({ faults }) => faults).join('; ') }
  }
}

/** The most attempts in any second from then on, by `atMicros`. */
export function peakAttempts({ attempts }: Reopened, sinceMicros: number): number {
  const counts = new Map(attempts)
  const tenths = [...counts.keys()].filter((tenth) => tenth >= Math.floor(sinceMicros / 100_000))
  const secondFrom = (tenth: number): number => {
    let sum = 0
    for (let at = tenth; at < tenth + 10; at++) sum += counts.get(at) ?? 0
    return sum
  }
  return Math.max(0, ...tenths.map(secondFrom))
}

const subjects = 100
const eventsPerSecond = 50
const burstMs = 2_000
const settleMs = 60_000
