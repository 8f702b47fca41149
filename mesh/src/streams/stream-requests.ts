import { setTimeout as sleep } from 'node:timers/promises'
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StreamInfo,
} from '@nats-io/jetstream'
import { errors, type NatsConnection } from '@nats-io/nats-core'
import { backoffMs, WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import type { PlannedStream } from './streams.ts'

/**
 * Requests about streams. Each is idempotent, and is made again while JetStream has no leader or
 * too few servers; at the deadline, which is that of all of them, they throw `unavailable`.
 */
export class StreamRequests {
  readonly #nc: NatsConnection
  readonly #manager: JetStreamManager
  readonly #deadline: number
  readonly #domain: string | undefined

  private constructor(
    nc: NatsConnection,
    manager: JetStreamManager,
    deadline: number,
    domain: string | undefined = undefined,
  ) {
    this.#nc = nc
    this.#manager = manager
    this.#deadline = deadline
    this.#domain = domain
  }

  /** @param deadlineMs from now on */
  static async open(nc: NatsConnection, deadlineMs: number): Promise<StreamRequests> {
    return new StreamRequests(nc, await jetstreamManager(nc, managerOptions), Date.now() + deadlineMs)
  }

  /** The same to another JetStream domain, behind a leaf node. */
  async inDomain(domain: string): Promise<StreamRequests> {
    const manager = await jetstreamManager(this.#nc, { ...managerOptions, domain })
    return new StreamRequests(this.#nc, manager, this.#deadline, domain)
  }

  /** Undefined when there is no such stream. */
  info(name: string): Promise<StreamInfo | undefined> {
    return this.#settled({ name }, async () => {
      try {
        return await this.#manager.streams.info(name)
      } catch (cause) {
        if (cause instanceof JetStreamApiError && cause.code === JetStreamApiCodes.StreamNotFound) return undefined
        throw cause
      }
    })
  }

  names(): Promise<readonly string[]> {
    return this.#settled({ name: '' }, async () => {
      const names: string[] = []
      for await (const name of this.#manager.streams.names()) names.push(name)
      return names
    })
  }

  async add(plan: PlannedStream): Promise<void> {
    await this.#settled(plan, () => this.#manager.streams.add(plan))
  }

  async update(plan: PlannedStream): Promise<void> {
    await this.#settled(plan, () => this.#manager.streams.update(plan.name, plan))
  }

  /** Makes a server that has a copy of a stream its leader. */
  async moveLeader(name: string, server: string): Promise<void> {
    const subject = `$JS.API.STREAM.LEADER.STEPDOWN.${name}`
    const body = JSON.stringify({ placement: { preferred: server } })
    for (let askAt = 0; ; await sleep(limits.provisionRetryMs)) {
      const leader = (await this.info(name))?.cluster?.leader
      if (leader === server) return
      if (Date.now() > this.#deadline) throw new WeirError('unavailable', `${server} does not come to lead ${name}.`)
      if (leader === undefined || Date.now() < askAt) continue
      await this.#settled({ name }, () => this.#nc.request(subject, body, { timeout: limits.provisionRequestMs }))
      askAt = Date.now() + limits.provisionRetryMaxMs
    }
  }

  async remove(name: string): Promise<void> {
    await this.#settled({ name }, () => this.#manager.streams.delete(name))
  }

  async #settled<T>(stream: NamedStream, request: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await request()
      } catch (cause) {
        if (!isPassing(cause)) throw refusal(stream, cause)
        const waitMs = backoffMs(attempt, limits.provisionRetryMs, limits.provisionRetryMaxMs)
        if (Date.now() + waitMs > this.#deadline) {
          throw new WeirError('unavailable', this.#stillWaitingFor(stream, cause), { cause })
        }
        await sleep(waitMs)
      }
    }
  }

  #stillWaitingFor({ name, num_replicas: replicas = 1 }: NamedStream, cause: unknown): string {
    if (cause instanceof JetStreamApiError && cause.code === NO_SUITABLE_PEERS) {
      return `NATS has no servers with room for ${replicas} copies of ${name}: start more of them, or ask for fewer copies.`
    }
    if (this.#domain === undefined) {
      return 'JetStream does not answer: is it enabled, and has its cluster a leader?'
    }
    return `The JetStream domain ${this.#domain} does not answer: is that its name, and is the leaf node connected to it?`
  }
}

type NamedStream = Pick<PlannedStream, 'name'> & Partial<Pick<PlannedStream, 'max_bytes' | 'num_replicas'>>

const managerOptions = { checkAPI: false, timeout: limits.provisionRequestMs }

/** `err_code` of the JetStream API: too few servers are there, or too full. */
const NO_SUITABLE_PEERS = 10005

/**
 * What an election, a reconnect or a server that comes up passes over. "JetStream is not enabled"
 * is also what the client says when nobody answers, as in an election.
 */
function isPassing(cause: unknown): boolean {
  if (cause instanceof JetStreamApiError) return cause.status === 503 || cause.code === NO_SUITABLE_PEERS
  if (isForbidden(cause)) return false
  return (
    cause instanceof errors.TimeoutError ||
    cause instanceof errors.NoRespondersError ||
    cause instanceof errors.RequestError ||
    (cause instanceof Error && cause.name === 'JetStreamNotEnabled')
  )
}

function isForbidden(cause: unknown): boolean {
  return cause instanceof Error && cause.cause instanceof errors.PermissionViolationError
}

function refusal(stream: NamedStream, cause: unknown): unknown {
  if (isForbidden(cause)) {
    return new WeirError('forbidden', 'This NATS user may not make streams: use the one of the admin.', { cause })
  }
  if (!(cause instanceof JetStreamApiError)) return cause
  if (cause.code === 10047 || cause.code === 10028) {
    const message = `The server has no room for the ${stream.max_bytes} bytes of ${stream.name}: ask for fewer, or give it more.`
    return new WeirError('quota_exceeded', message, { cause })
  }
  return new WeirError('conflict', `NATS refuses the stream ${stream.name}: ${cause.message}.`, { cause })
}
