import { setTimeout as sleep } from 'node:timers/promises'
import { BenchMesh } from '../hub/bench-mesh.ts'
import { benchToken, type HubProcess } from '../hub/hub-process.ts'
import type { OpenPlan } from '../load/load-plan.ts'
import { cpuSecondsOfAll } from '../processes/process-usage.ts'
import { Balancer } from './balancer.ts'

/** Hubs behind one address: a balancer, or the port that the workers of one hub share. */
export class HubFleet {
  readonly mesh: BenchMesh
  readonly balancer: Balancer | undefined
  readonly #settings: Readonly<Record<string, string>>
  #hubs: readonly HubProcess[] = []

  private constructor(mesh: BenchMesh, balancer: Balancer | undefined, settings: Readonly<Record<string, string>>) {
    this.mesh = mesh
    this.balancer = balancer
    this.#settings = settings
  }

  /** `count` hubs behind a balancer of so many processes. */
  static async start(
    count: number,
    balancers: number,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<HubFleet> {
    const mesh = await BenchMesh.start()
    const balancer = await Balancer.start(balancers)
    mesh.add(balancer)
    const fleet = new HubFleet(mesh, balancer, settings)
    for (let at = 0; at < count; at++) await fleet.add()
    return fleet
  }

  /** One hub with so many workers. */
  static async startWorkers(count: number): Promise<HubFleet> {
    const mesh = await BenchMesh.start()
    const fleet = new HubFleet(mesh, undefined, { WEIR_HUB_WORKERS: String(count) })
    await fleet.add()
    return fleet
  }

  get hubs(): readonly HubProcess[] {
    return this.#hubs
  }

  /** Where its clients connect. */
  get port(): number {
    return this.balancer?.port ?? this.#hubs[0]?.port ?? 0
  }

  /** Starts one more hub, which gets new connections from then on. */
  async add(): Promise<HubProcess> {
    const hub = await this.mesh.hub({ settings: this.#settings })
    this.#hubs = [...this.#hubs, hub]
    await this.balancer?.target(this.#hubs)
    return hub
  }

  /** Takes a hub out: no new connections first, then the signal. Resolves when it has ended. */
  async remove(hub: HubProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#hubs = this.#hubs.filter((each) => each !== hub)
    // One that is killed has told nobody.
    if (signal === 'SIGTERM') await this.balancer?.target(this.#hubs)
    await hub.stop(signal)
  }

  /** Of all hubs with their workers, seconds so far. */
  get cpuSeconds(): number {
    return this.#hubs.reduce((sum, { pid }) => sum + cpuSecondsOfAll(pid), 0)
  }

  /** Open connections of each hub. */
  async connections(): Promise<readonly number[]> {
    return await Promise.all(this.#hubs.map(async (hub) => (await hub.metrics()).connections ?? 0))
  }

  /** Subscribers of everything, by weir.v1, in mode ALL. */
  async plan(count: number): Promise<OpenPlan> {
    return {
      port: this.port,
      dialect: 'weir',
      count,
      channels: 1,
      filter: 'bench.>',
      mode: 'ALL',
      windowBytes: 262_144,
      tokens: [await benchToken()],
      atOnce: 200,
    }
  }

  stop(): Promise<void> {
    return this.mesh.stop()
  }
}

/** Looks every `everyMs` until it holds. Throws after a minute and a half. */
export async function until(what: string, holds: () => Promise<boolean>, everyMs = 100): Promise<void> {
  for (const start = performance.now(); performance.now() - start < 90_000; await sleep(everyMs)) {
    if (await holds()) return
  }
  throw new Error(`after 90 s it does not hold: ${what}`)
}
