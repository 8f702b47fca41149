import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { hubControlSubject, type Msg, type NatsConnection, type Subscription } from '@weir/mesh'
import type { Hub } from './hub.ts'
import { limits } from './limits.ts'

/** What hubs ask of each other, by core NATS: whoever asks is asked as well. */
export class HubControl {
  readonly #nc: NatsConnection
  readonly #hub: Hub
  #subscription: Subscription | undefined

  constructor(nc: NatsConnection, hub: Hub) {
    this.#nc = nc
    this.#hub = hub
  }

  start(): void {
    this.#subscription = this.#nc.subscribe(disconnectSubject, {
      callback: (error, message) => {
        if (!error) this.#disconnect(message)
      },
    })
  }

  close(): void {
    if (!this.#nc.isClosed()) this.#subscription?.unsubscribe()
  }

  /**
   * Closes the connections of a token's subject on every hub, and says which hub closed how many. A hub that does not answer
   * in time does it all the same; it is only not counted.
   */
  async disconnect(tenant: string, subject: string): Promise<readonly Disconnected[]> {
    const answers: Disconnected[] = []
    // The users of hubs may publish under the control subject, not to each other's inboxes.
    const reply = `${hubControlSubject}.answer.${randomUUID()}`
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
    return answers
  }

  #disconnect(message: Msg): void {
    const { tenant, subject } = readJson<{ tenant: string; subject: string }>(message)
    if (tenant === undefined || subject === undefined) return
    const closed = this.#hub.disconnect(tenant, subject)
    const answer: Disconnected = { hub: this.#hub.hubName, closed }
    message.respond(JSON.stringify(answer))
  }
}

export interface Disconnected {
  readonly hub: string
  readonly closed: number
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
