import { WeirError } from '@weir/proto'
import { limits } from '../limits.ts'

/** Decides whether one more connection is let in, before anything is spent on it. */
export class Admission {
  readonly #bounds: AdmissionBounds
  readonly #use: () => MemoryUse
  readonly #perIp: Map<string, number> = new Map()
  readonly #perTenant: Map<string, number> = new Map()
  #connections = 0
  #draining = false
  #full = false

  /** `use` is asked by `measure` alone. */
  constructor(bounds: AdmissionBounds, use: () => MemoryUse) {
    this.#bounds = bounds
    this.#use = use
  }

  get connections(): number {
    return this.#connections
  }

  /** Memory was nearly gone when it was last measured. */
  get full(): boolean {
    return this.#full
  }

  /** Lets nobody in from now on. */
  drain(): void {
    this.#draining = true
  }

  measure(): void {
    const { socketBytes, heapShare } = this.#use()
    this.#full = socketBytes > this.#bounds.socketBytesMax || heapShare > limits.heapShareMax
  }

  /** Whether a page of this origin may connect; what is no browser sends none. */
  allows(origin: string): boolean {
    const { origins } = this.#bounds
    return origin === '' || origins === undefined || origins.includes(origin)
  }

  /** Throws `forbidden`. */
  checkOrigin(origin: string): void {
    if (this.allows(origin)) return
    throw new WeirError('forbidden', `The origin ${origin.slice(0, limits.quotedMax)} is not one of WEIR_HUB_ORIGINS.`)
  }

  /** Counts a connection in. Throws `draining`, `overloaded`, `rate_limited` or `forbidden`. */
  enter(ip: string, origin: string): void {
    const { connectionsMax, connectionsAnIpMax } = this.#bounds
    if (this.#draining) throw new WeirError('draining', 'This hub is stopping: connect again, another one answers.')
    if (this.#full) throw new WeirError('overloaded', 'The memory of this hub is full: try again soon, or another hub.')
    if (this.#connections >= connectionsMax)
      throw new WeirError('overloaded', 'This hub is full: try again soon, or another hub.')
    this.checkOrigin(origin)
    const here = this.#perIp.get(ip) ?? 0
    if (here >= connectionsAnIpMax) {
      throw new WeirError('rate_limited', `This address has ${here} connections, as many as are allowed.`)
    }
    this.#perIp.set(ip, here + 1)
    this.#connections++
  }

  leave(ip: string): void {
    countDown(this.#perIp, ip)
    this.#connections--
  }

  /** Counts a connection that was let in to the tenant of its token. Throws `rate_limited`. */
  enterTenant(tenant: string): void {
    const here = this.#perTenant.get(tenant) ?? 0
    if (here >= (this.#bounds.connectionsATenantMax ?? Number.POSITIVE_INFINITY)) {
      throw new WeirError('rate_limited', `The tenant has ${here} connections to this hub, as many as are allowed.`)
    }
    this.#perTenant.set(tenant, here + 1)
  }

  leaveTenant(tenant: string): void {
    countDown(this.#perTenant, tenant)
  }
}

function countDown(counts: Map<string, number>, key: string): void {
  const count = counts.get(key) ?? 0
  if (count > 1) counts.set(key, count - 1)
  else counts.delete(key)
}

export interface MemoryUse {
  /** What the buffers of all sockets hold. */
  readonly socketBytes: number
  /** Of the heap that the process may have; more than that would end it. */
  readonly heapShare: number
}

export interface AdmissionBounds {
  readonly connectionsMax: number
  readonly connectionsAnIpMax: number
  /** As many as in all when undefined. */
  readonly connectionsATenantMax: number | undefined
  readonly socketBytesMax: number
  /** Every origin when undefined. */
  readonly origins: readonly string[] | undefined
}
