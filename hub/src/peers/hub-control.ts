import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { DenialFeed, hubControlSubject, type Msg, type NatsConnection, type Subscription } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import type { Hub } from '../hub/hub.ts'
import { limits } from '../limits.ts'
import { type SessionSurvey, type SurveyQuery, surveySessions } from '../session/report/session-survey.ts'

/** What hubs ask of each other, by core NATS: whoever asks is asked as well. */
export class HubControl {
  readonly #nc: NatsConnection
  readonly #hub: Hub
  readonly #denials: DenialFeed
  #subscriptions: readonly Subscription[] = []
  #surveys = 0

  constructor(nc: NatsConnection, hub: Hub) {
    this.#nc = nc
    this.#hub = hub
    const { denials } = hub.verifier
    this.#denials = new DenialFeed({ nc, denials, onDenied: (told) => hub.deny(told), tells: true })
  }

  /**
   * Resolves when NATS knows what this hub listens to, so that nobody is let in before it hears of
   * disconnecting.
   */
  async start(): Promise<void> {
    const hear = (subject: string, take: (message: Msg) => void): Subscription =>
      this.#nc.subscribe(subject, {
        callback: (error, message) => {
          if (!error) take(message)
        },
      })
    this.#subscriptions = [
      hear(disconnectSubject, (message) => this.#disconnect(message)),
      hear(sessionsSubject, (message) => void this.#survey(message)),
    ]
    await this.#denials.start()
  }

  close(): void {
    this.#denials.close()
    if (this.#nc.isClosed()) return
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
  }

  /**
   * Closes the connections of a token's subject on every hub, and says which hub closed how many. A
   * hub that does not answer in time does it all the same; it is only not counted. Throws
   * `unavailable` when not even this one heard itself.
   */
  async disconnect(tenant: string, subject: string): Promise<readonly Disconnected[]> {
    const answers = await this.#askAll<Disconnected>(disconnectSubject, { tenant, subject })
    return answers.filter(({ closed }) => closed !== undefined)
  }

  /**
   * What every hub says of its sessions; one that does not answer in time is left out. Throws
   * `unavailable` when none does.
   */
  async sessions(query: SurveyQuery): Promise<readonly SessionSurvey[]> {
    const answers = await this.#askAll<SessionSurvey>(sessionsSubject, query)
    return answers.filter(({ sessions }) => Array.isArray(sessions))
  }

  async #askAll<Answer extends { readonly hub: string }>(subject: string, question: object): Promise<Answer[]> {
    const answers: Answer[] = []
    // The users of hubs may publish under the control subject, not to each other's inboxes.
    const reply = `${answerSubject}.${randomUUID()}`
    const subscription = this.#nc.subscribe(reply, {
      callback: (error, message) => {
        if (error) return
        const answer = readJson<Answer>(message)
        if (answer.hub !== undefined) answers.push(answer as Answer)
      },
    })
    try {
      this.#nc.publish(subject, JSON.stringify(question), { reply })
      await sleep(limits.controlMs)
    } finally {
      subscription.unsubscribe()
    }
    if (answers.length === 0) throw new WeirError('unavailable', 'NATS does not carry this to any hub now: try again.')
    return answers
  }

  #disconnect(message: Msg): void {
    const { tenant, subject } = readJson<{ tenant: string; subject: string }>(message)
    if (typeof tenant !== 'string' || typeof subject !== 'string') return
    const { closed, expiresAt } = this.#hub.disconnect(tenant, subject)
    // Nobody comes back with these tokens, here or elsewhere.
    if (closed > 0) this.#denials.tell([{ tenant, subject, expiresAt }])
    const answer: Disconnected = { hub: this.#hub.hubName, closed }
    message.respond(JSON.stringify(answer))
  }

  async #survey(message: Msg): Promise<void> {
    const query = surveyIn(message)
    if (query === undefined || this.#surveys >= limits.surveysAtOnceMax) return
    this.#surveys++
    try {
      const survey = await surveySessions(this.#hub, query)
      if (!this.#nc.isClosed()) message.respond(JSON.stringify(survey))
    } finally {
      this.#surveys--
    }
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

/** Undefined for what asks for no sessions. */
function surveyIn(message: Msg): SurveyQuery | undefined {
  const { tenant, find = '', behind = false, limit = limits.surveyDefault } = readJson<SurveyQuery>(message)
  const isText = typeof tenant === 'string' && typeof find === 'string'
  if (!isText || typeof behind !== 'boolean' || !Number.isInteger(limit) || limit < 1) return undefined
  return { tenant, find, behind, limit: Math.min(limit, limits.surveyMax) }
}

const disconnectSubject = `${hubControlSubject}.disconnect`
const sessionsSubject = `${hubControlSubject}.sessions`
const answerSubject = `${hubControlSubject}.answer`
