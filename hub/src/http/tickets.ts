import { createHash, randomBytes } from 'node:crypto'
import { type Identity, type NatsConnection, OneTimeBucket, ticketBucket } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import { limits } from '../limits.ts'
import { Allowance } from '../session/allowance.ts'
import { Semaphore } from '../sources/semaphore.ts'

/**
 * One-time stand-ins for a token, for clients that can send no header (the browser's EventSource).
 * They are kept in NATS, so that any hub redeems what another has given out; under their hash, so
 * that who can read the bucket cannot use them.
 */
export class Tickets {
  readonly #bucket: OneTimeBucket
  readonly #redemptions: Semaphore = new Semaphore(limits.redemptionsMax)
  /** By tenant and subject of a token, the one that asked last at the end. */
  readonly #allowances: Map<string, Allowance> = new Map()

  constructor(nc: NatsConnection) {
    this.#bucket = new OneTimeBucket(nc, ticketBucket.name)
  }

  /** Throws `rate_limited` or `unavailable`. */
  async issue(identity: Identity): Promise<Ticket> {
    this.#count(`${identity.tenant} ${identity.subject}`, performance.now())
    const ticket = randomBytes(24).toString('base64url')
    await this.#bucket.put(keyOf(ticket), new TextEncoder().encode(JSON.stringify(identity)))
    return { ticket, expiresInMs: Math.min(ticketBucket.ttlMs, identity.expiresAt * 1000 - Date.now()) }
  }

  /**
   * Who the ticket was given to, once; addresses take turns. Throws `unauthenticated`,
   * `token_expired` or `unavailable`.
   */
  async redeem(ticket: string, ip: string): Promise<Identity> {
    const value = await this.#redemptions.run(ip, ip, () => this.#bucket.take(keyOf(ticket)))
    if (value === undefined) {
      throw new WeirError(
        'unauthenticated',
        `The ticket was used, or is older than ${ticketBucket.ttlMs / 1000} seconds: get a new one.`,
      )
    }
    const identity = JSON.parse(new TextDecoder().decode(value)) as Identity
    if (identity.expiresAt * 1000 <= Date.now()) {
      throw new WeirError('token_expired', 'The token behind the ticket has expired: get a new one.')
    }
    return identity
  }

  close(): void {
    this.#bucket.close()
  }

  #count(client: string, now: number): void {
    const allowance = this.#allowances.get(client) ?? new Allowance(limits.ticketsPerSecond, now)
    this.#allowances.delete(client)
    this.#allowances.set(client, allowance)
    if (this.#allowances.size > limits.ticketClientsMax) {
      for (const [oldest] of this.#allowances) {
        this.#allowances.delete(oldest)
        break
      }
    }
    if (allowance.take(now)) return
    throw new WeirError('rate_limited', `At most ${limits.ticketsPerSecond} tickets a second for one token.`)
  }
}

export interface Ticket {
  readonly ticket: string
  readonly expiresInMs: number
}

function keyOf(ticket: string): string {
  return createHash('sha256').update(ticket).digest('hex')
}
