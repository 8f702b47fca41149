import { checkParameters, type Identity, requestToken } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import type { Hub } from '../hub/hub.ts'
import type { HubControl } from '../peers/hub-control.ts'
import { mergeLines, readSurveyQuery, type SessionLine } from '../session/report/session-survey.ts'
import type { HttpRequest } from './http-exchange.ts'

/** What the door answers to a question for sessions. */
export interface SessionsAnswer {
  readonly hubs: readonly HubSessions[]
  /** The one that is furthest behind first. */
  readonly sessions: readonly SessionLine[]
}

/** A hub that answered in time. */
export interface HubSessions {
  readonly hub: string
  readonly connections: number
  readonly matching: number
}

/**
 * The sessions of all hubs at the port where subscribers connect, for pages: an administrator sees
 * and disconnects those of the token's own tenant. The token comes in a header alone, which no
 * foreign page can make a browser send.
 */
export class SessionsDoor {
  readonly #hub: Hub
  readonly #control: HubControl

  constructor(hub: Hub, control: HubControl) {
    this.#hub = hub
    this.#control = control
  }

  async list(request: HttpRequest): Promise<SessionsAnswer> {
    const { tenant } = await this.#administrator(request)
    const query = readSurveyQuery(request.query, tenant)
    const surveys = await this.#control.sessions(query)
    const hubs = surveys.map(({ hub, connections, matching }) => ({ hub, connections, matching }))
    return { hubs: hubs.sort((a, b) => (a.hub < b.hub ? -1 : 1)), sessions: mergeLines(surveys, query.limit) }
  }

  /** Closes what the tokens of a subject have open, on every hub, and keeps these tokens out. */
  async disconnect(request: HttpRequest): Promise<object> {
    const { tenant, subject: by } = await this.#administrator(request)
    checkParameters(request.query, ['subject'])
    const subject = request.query.get('subject')
    if (subject === null || subject === '') throw new WeirError('malformed', 'Say whose connections: ?subject=.')
    const hubs = await this.#control.disconnect(tenant, subject)
    const closed = hubs.reduce((sum, each) => sum + each.closed, 0)
    this.#hub.log.info({ tenant, subject, by, closed }, 'an administrator disconnected a subject')
    return { closed, hubs }
  }

  async #administrator({ authorization }: HttpRequest): Promise<Identity> {
    const identity = await this.#hub.identify(requestToken(authorization))
    if (identity.admin) return identity
    throw new WeirError('forbidden', 'The token is not one of an administrator ("admin": true).')
  }
}
