import { connectNats, createLogger, defaultTenantSpec, type NatsConnection, provisionTenant } from '@weir/mesh'
import { startNats, type TestNats } from '@weir/mesh/testing'
import { LoadProcess } from '../load/load-process.ts'
import { moveToCore } from '../processes/programs.ts'
import { HubProcess, type HubProcessOptions } from './hub-process.ts'

const natsCores = { 'first core': 0, 'second core': 1, 'all cores': undefined } as const

/**
 * A real nats-server with the tenant main, and the hubs and load workers of one benchmark; all end
 * together.
 */
export class BenchMesh {
  readonly nats: TestNats
  readonly nc: NatsConnection
  readonly #ends: (() => Promise<void>)[] = []

  private constructor(nats: TestNats, nc: NatsConnection) {
    this.nats = nats
    this.nc = nc
  }

  /**
   * @param config further text of the server's configuration
   * @param cores where nats-server runs: beside the load, apart from the hub, unless said
   *   otherwise; on the hub's core where it stands in for the hub
   */
  static async start(config = '', cores: keyof typeof natsCores = 'second core'): Promise<BenchMesh> {
    const nats = await startNats({ config })
    const core = natsCores[cores]
    if (core !== undefined) moveToCore(core, nats.pid)
    const nc = await connectNats({ url: nats.url, name: 'bench', log: createLogger('bench', 'warn') })
    await provisionTenant(nc, 'main', defaultTenantSpec)
    return new BenchMesh(nats, nc)
  }

  async hub(options: Omit<HubProcessOptions, 'natsUrl'> = {}): Promise<HubProcess> {
    const hub = await HubProcess.start({ natsUrl: this.nats.url, ...options })
    this.#ends.push(() => hub.stop('SIGKILL'))
    return hub
  }

  load(): LoadProcess {
    const load = LoadProcess.start()
    this.#ends.push(() => load.stop())
    return load
  }

  /** Something else that ends with the mesh. */
  add(part: { stop(): Promise<void> }): void {
    this.#ends.push(() => part.stop())
  }

  async stop(): Promise<void> {
    for (const end of this.#ends.reverse()) await end()
    await this.nc.close()
    await this.nats.stop()
  }
}
