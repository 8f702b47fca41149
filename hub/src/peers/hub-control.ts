import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { hubControlSubject, type Msg, type NatsConnection, onReconnect, type Subscription } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import type { Hub } from '../hub/hub.ts'
import { limits } from '../limits.ts'
import type { Denial } from '../session/denials.ts'

/** What hubs ask of each other, by core NATS: whoever asks is asked as well. */
export class HubControl {
  readonly #nc: NatsConnection
  readonly #hub: Hub
  /** Where the others answer what they know of denials. */
  readonly #deniedSubject: string = `${answerSubject}.${randomUUID()}`
  #subscriptions: readonly Subscription[] = []
  #reconnects: { stop(): void } | undefined

  constructor(nc: NatsConnection, hub: Hub) {
    this.#nc = nc
    this.#hub = hub
  }

  /** Resolves when NATS knows what this hub listens to, so that nobody is let in before it hears of disconnecting. */
  async start(): Promise<void> {
    const hear = (subject: string, take: (message: Msg) => void): Subscription =>
      this.#nc.subscribe(subject, {
        callback: (error, message) => {
          if (!error) take(message)
        },
      })
    this.#subscriptions = [
      hear(disconnectSubject, (message) => this.#disconnect(message)),
      hear(denySubject, (message) => this.#deny(message)),
      hear(this.#deniedSubject, (message) => this.#deny(message)),
      hear(denialsSubject, (message) => this.#tellDenials(message)),
    ]
    this.#reconnects = onReconnect(this.#nc, () => this.#exchangeDenials())
    this.#exchangeDenials()
    await this.#nc.flush()
  }

  close(): void {
    this.#reconnects?.stop()
    if (this.#nc.isClosed()) return
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
  }

  /**
   * Closes the connections of a token's subject on every hub, and says which hub closed how many. A hub that does not answer
   * in time does it all the same; it is only not counted. Throws `unavailable` when not even this one heard itself.
   */
  async disconnect(tenant: string, subject: string): Promise<readonly Disconnected[]> {
    const answers: Disconnected[] = []
    // The users of hubs may publish under the control subject, not to each other's inboxes.
    const reply = `${answerSubject}.${randomUUID()}`
    const subscription = this.#nc.subscribe(reply, {
      callback: (error, message) => {
        if (error) return
        const { hub, closed } = readJson<Disconnected>(message)
        if (hub !== undefined && closed !== undefined) answers.push({ hub, closed })
      },
    })
    try {
      this.#nc.publish(disconnectSubject, JSON.stringify({ tenant, subject }), { reply })
      await sleep(limits.controlMs)
    } finally {
      subscription.unsubscribe()
    }
    if (answers.length === 0) throw new WeirError('unavailable', 'NATS does not carry this to any hub now: try again.')
    return answers
  }

  #disconnect(message: Msg): void {
    const { tenant, subject } = readJson<{ tenant: string; subject: string }>(message)
    if (tenant === undefined || subject === undefined) return
    const { closed, expiresAt } = this.#hub.disconnect(tenant, subject)
    // Nobody comes back with these tokens, here or elsewhere.
    if (closed > 0) this.#nc.publish(denySubject, JSON.stringify([{ tenant, subject, expiresAt }]))
    const answer: Disconnected = { hub: this.#hub.hubName, closed }
    message.respond(JSON.stringify(answer))
  }

  /** The others know who was disconnected while this hub was away, or not there yet; and what it said last may be lost. */
  #exchangeDenials(): void {
    const denials = this.#hub.denials.list(Date.now())
    if (denials.length > 0) this.#nc.publish(denySubject, JSON.stringify(denials))
    this.#nc.publish(denialsSubject, '', { reply: this.#deniedSubject })
  }

  #deny(message: Msg): void {
    const told = readJson<readonly unknown[]>(message)
    if (Array.isArray(told)) this.#hub.deny(told.filter(isDenial))
  }

  #tellDenials(message: Msg): void {
    const denials = this.#hub.denials.list(Date.now())
    if (denials.length > 0) message.respond(JSON.stringify(denials))
  }
}

export interface Disconnected {
  readonly hub: string
  readonly closed: number
}

function isDenial(told: unknown): told is Denial {
  const { tenant, subject, expiresAt } = (told ?? {}) as Partial<Record<keyof Denial, unknown>>
  return typeof tenant === 'string' && typeof subject === 'string' && typeof expiresAt === 'number'
}

/** People can publish here as well, with a tool: what is no JSON object says nothing. */
function readJson<T>(message: Msg): Partial<T> {
  try {
    return message.json<Partial<T> | null>() ?? {}
  } catch {
    return {}
  }
}

const disconnectSubject = `${hubControlSubject}.disconnect`
const denySubject = `${hubControlSubject}.deny`
const denialsSubject = `${hubControlSubject}.denials`
const answerSubject = `${hubControlSubject}.answer`
