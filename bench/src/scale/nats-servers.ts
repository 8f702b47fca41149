import {
  connectNats,
  createLogger,
  defaultTenantSpec,
  eventStream,
  jetstreamManager,
  type NatsConnection,
  provisionTenant,
  shardName,
} from '@weir/mesh'
import { freePort, startNats, type TestNats } from '@weir/mesh/testing'
import { cpuSeconds } from '../processes/process-usage.ts'

/** One nats-server, or several of a cluster, with a tenant whose streams lie on them in turn. */
export class NatsServers {
  readonly #servers: readonly TestNats[]
  readonly #nc: NatsConnection

  private constructor(servers: readonly TestNats[], nc: NatsConnection) {
    this.#servers = servers
    this.#nc = nc
  }

  /** Each stream of `main` has one copy, on the server that its number says. */
  static async start(count: number, shards: number): Promise<NatsServers> {
    const routes = await Promise.all(Array.from({ length: count }, freePort))
    const servers = await Promise.all(
      routes.map((_, at) => startNats(count === 1 ? {} : { config: clusterConfig(at, routes) })),
    )
    const nc = await connectNats({ url: servers[0]?.url ?? '', name: 'bench', log: createLogger('bench', 'warn') })
    await provisionTenant(nc, 'main', { ...defaultTenantSpec, shards })
    if (count > 1) await place(nc, count, shards)
    return new NatsServers(servers, nc)
  }

  /** Of the first, where the events are published. */
  get url(): string {
    return this.#servers[0]?.url ?? ''
  }

  /** Of each server so far. */
  get cpuSeconds(): readonly number[] {
    return this.#servers.map(({ pid }) => cpuSeconds(pid))
  }

  async stop(): Promise<void> {
    await this.#nc.close()
    await Promise.all(this.#servers.map((server) => server.stop()))
  }
}

function clusterConfig(at: number, routePorts: readonly number[]): string {
  const routes = routePorts.map((port) => `"nats-route://127.0.0.1:${port}"`)
  return [
    `server_name: ${nameOf(at)}`,
    `server_tags: [${nameOf(at)}]`,
    `cluster { name: bench, listen: "127.0.0.1:${routePorts[at]}", routes: [${routes}] }`,
  ].join('\n')
}

/** Makes the streams of events again, each where it is to lie. */
async function place(nc: NatsConnection, servers: number, shards: number): Promise<void> {
  const manager = await jetstreamManager(nc, { timeout: 10_000 })
  for (let at = 0; at < shards; at++) {
    const { config } = await manager.streams.info(eventStream(shards === 1 ? 'main' : shardName('main', at)))
    await manager.streams.delete(config.name)
    const tag = nameOf(at % servers)
    const { cluster } = await manager.streams.add({ ...config, placement: { cluster: 'bench', tags: [tag] } })
    if (cluster?.leader !== tag) throw new Error(`${config.name} lies on ${cluster?.leader} and not on ${tag}`)
  }
}

function nameOf(at: number): string {
  return `nats-${at + 1}`
}
