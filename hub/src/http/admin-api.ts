import { checkParameters, problem, requestToken } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import type { Hub } from '../hub/hub.ts'
import type { HubControl } from '../peers/hub-control.ts'
import { listSessions, readSessionQuery } from '../session/report/session-list.ts'

/**
 * What the admin port has beside health and metrics: the sessions, for tokens with `admin: true`.
 */
export class AdminApi {
  readonly #hub: Hub
  readonly #control: HubControl

  constructor(hub: Hub, control: HubControl) {
    this.#hub = hub
    this.#control = control
  }

  /** Undefined for what is not its own. */
  async handle(request: Request): Promise<Response | undefined> {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname !== sessionsPath) return undefined
    const { admin, tenant } = await this.#hub.identify(requestToken(request.headers.get('authorization')))
    if (!admin) throw new WeirError('forbidden', 'The token is not one of an administrator ("admin": true).')
    switch (request.method) {
      case 'GET':
        return Response.json(listSessions(this.#hub.sessions, readSessionQuery(searchParams), this.#hub.now()))
      case 'DELETE':
        return Response.json(await this.#disconnect(searchParams, tenant))
      default:
        return problem(new WeirError('method_not_allowed', 'Sessions are listed by GET and disconnected by DELETE.'), {
          headers: { allow: 'GET, DELETE' },
        })
    }
  }

  async #disconnect(query: URLSearchParams, ownTenant: string): Promise<object> {
    checkParameters(query, ['tenant', 'subject'])
    const tenant = query.get('tenant') ?? ownTenant
    const subject = query.get('subject')
    if (subject === null || subject === '')
      throw new WeirError('malformed', 'Say whose connections: ?subject=, and ?tenant= of another tenant.')
    const hubs = await this.#control.disconnect(tenant, subject)
    const closed = hubs.reduce((sum, each) => sum + each.closed, 0)
    this.#hub.log.info({ tenant, subject, closed }, 'an administrator disconnected a subject')
    return { closed, hubs }
  }
}

export const sessionsPath = '/v1/sessions'
