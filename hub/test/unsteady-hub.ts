import { setTimeout as sleep } from 'node:timers/promises'
import type { TestHub, TestMesh } from './harness.ts'
import { LiveLoss } from './live-loss.ts'
import type { Random } from './random.ts'
import { TcpProxy } from './tcp-proxy.ts'

/**
 * A hub between which and NATS things go wrong, and which may be killed or drained; another process
 * then takes its place.
 */
export class UnsteadyHub {
  readonly loss: LiveLoss
  readonly #mesh: TestMesh
  readonly #proxy: TcpProxy
  readonly #environment: Readonly<Record<string, string>>
  #hub!: TestHub

  private constructor(mesh: TestMesh, proxy: TcpProxy, loss: LiveLoss, environment: Readonly<Record<string, string>>) {
    this.#mesh = mesh
    this.#proxy = proxy
    this.#environment = environment
    this.loss = loss
  }

  static async start(
    mesh: TestMesh,
    environment: Readonly<Record<string, string>>,
    random: Random,
  ): Promise<UnsteadyHub> {
    const loss = new LiveLoss(random)
    const proxy = await TcpProxy.start(mesh.nats.port, { filter: () => loss.filter() })
    const unsteady = new UnsteadyHub(mesh, proxy, loss, environment)
    await unsteady.#begin()
    return unsteady
  }

  get hub(): TestHub {
    return this.#hub
  }

  /** Its connection to NATS breaks, and cannot be made again for a time. */
  async cut(ms: number): Promise<void> {
    this.#proxy.cut()
    await sleep(ms)
    this.#proxy.mend()
  }

  /** A share of what is republished under a prefix does not arrive, for a time. */
  async lose(share: number, ms: number, prefix: string): Promise<void> {
    this.loss.prefix = prefix
    this.loss.share = share
    await sleep(ms)
    this.loss.share = 0
  }

  async crash(): Promise<void> {
    await this.#hub.stop('SIGKILL')
    await this.#begin()
  }

  /** It sends everybody elsewhere, and ends by itself. */
  async drain(): Promise<void> {
    await this.#hub.stop('SIGTERM')
    await this.#begin()
  }

  close(): void {
    this.#proxy.close()
  }

  async #begin(): Promise<void> {
    this.#hub = await this.#mesh.startHub(this.#environment, this.#proxy)
  }
}
