import { randomUUID } from 'node:crypto'
import type { Msg, NatsConnection, Subscription } from '@nats-io/nats-core'
import type { Denial, Denials } from '../auth/denials.ts'
import { onReconnect } from '../connection/reconnects.ts'
import { flush } from '../connection/request.ts'
import { hubControlSubject } from '../streams/layout.ts'

export interface DenialFeedOptions {
  readonly nc: NatsConnection
  readonly denials: Denials
  /** Of what was heard, after it was noted. */
  readonly onDenied?: (denials: readonly Denial[]) => void
  /**
   * Whether this service answers others, and says again after a reconnect what it knows. Its NATS
   * user must be allowed to.
   */
  readonly tells: boolean
}

/**
 * How the services of a mesh learn, by core NATS, who was disconnected by an administrator: the hub
 * that did it says so, and whoever starts or was away asks.
 */
export class DenialFeed {
  readonly #options: DenialFeedOptions
  /** Where the others answer what they know. */
  readonly #answers: string = `${answerSubject}.${randomUUID()}`
  #subscriptions: readonly Subscription[] = []
  #reconnects: { stop(): void } | undefined

  constructor(options: DenialFeedOptions) {
    this.#options = options
  }

  /**
   * Resolves when NATS knows what this service listens to, so that nobody is let in before it hears
   * of denials.
   */
  async start(): Promise<void> {
    const { nc, tells } = this.#options
    const hear = (subject: string, take: (message: Msg) => void): Subscription =>
      nc.subscribe(subject, {
        callback: (error, message) => {
          if (!error) take(message)
        },
      })
    this.#subscriptions = [
      hear(denySubject, (message) => this.#heard(message)),
      hear(this.#answers, (message) => this.#heard(message)),
      ...(tells ? [hear(denialsSubject, (message) => this.#answer(message))] : []),
    ]
    this.#reconnects = onReconnect(nc, () => this.#exchange())
    this.#exchange()
    await flush(nc)
  }

  close(): void {
    this.#reconnects?.stop()
    if (this.#options.nc.isClosed()) return
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
  }

  /** Tells every service, this one included. */
  tell(denials: readonly Denial[]): void {
    this.#options.nc.publish(denySubject, JSON.stringify(denials))
  }

  /**
   * The others know who was denied while this service was away, or not there yet; and what it said
   * last may be lost.
   */
  #exchange(): void {
    const { nc, denials, tells } = this.#options
    const known = denials.list(Date.now())
    if (tells && known.length > 0) this.tell(known)
    nc.publish(denialsSubject, '', { reply: this.#answers })
  }

  #heard(message: Msg): void {
    const told = denialsIn(message)
    for (const denial of told) this.#options.denials.add(denial)
    if (told.length > 0) this.#options.onDenied?.(told)
  }

  #answer(message: Msg): void {
    const known = this.#options.denials.list(Date.now())
    if (known.length > 0) message.respond(JSON.stringify(known))
  }
}

/** People can publish here as well, with a tool: what is no denial says nothing. */
function denialsIn(message: Msg): readonly Denial[] {
  try {
    const told = message.json<unknown>()
    return Array.isArray(told) ? told.filter(isDenial) : []
  } catch {
    return []
  }
}

function isDenial(told: unknown): told is Denial {
  const { tenant, subject, expiresAt } = (told ?? {}) as Partial<Record<keyof Denial, unknown>>
  return typeof tenant === 'string' && typeof subject === 'string' && typeof expiresAt === 'number'
}

const denySubject = `${hubControlSubject}.deny`
const denialsSubject = `${hubControlSubject}.denials`
const answerSubject = `${hubControlSubject}.answer`
