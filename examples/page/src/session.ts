import { connect, type Weir, WeirError } from '@weir/client'
import { Network } from './network.ts'

/** Who sits before the page. */
export interface Login {
  readonly name: string
  /** What the service grants by: a branch, or an office. */
  readonly role: string
}

/** Where the mesh is. */
interface Config {
  readonly hubUrl: string
  readonly readUrl: string
}

/** What the service refused, in the words of the service. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  /** What the entity is now, where somebody else was faster. */
  readonly current: unknown

  constructor(status: number, detail: string, current: unknown) {
    super(detail)
    this.status = status
    this.current = current
  }
}

/** One person at the page: the connection to the mesh and the requests to the service. */
export class Session {
  readonly login: Login
  readonly network: Network
  readonly weir: Weir
  #token: Promise<string> | undefined

  private constructor(login: Login, network: Network, { hubUrl, readUrl }: Config) {
    this.login = login
    this.network = network
    this.weir = connect({
      url: hubUrl,
      readUrl,
      getToken: () => this.#renewed(),
      WebSocket: network.WebSocket,
      fetch: network.fetch,
      storage: sessionStorage,
    })
  }

  /** Throws Refusal where the service does not let this person in. */
  static async begin(login: Login): Promise<Session> {
    const network = new Network()
    const config = (await (await network.fetch('config.json')).json()) as Config
    const session = new Session(login, network, config)
    await session.#renewed()
    return session
  }

  /** What the service answers. Throws Refusal; and TypeError where it cannot be reached. */
  async request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<unknown> {
    const ask = async (token: string): Promise<Response> =>
      await this.network.fetch(path, {
        method,
        headers: { ...headers, authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    const response = await ask(await (this.#token ?? this.#renewed()))
    // A machine that has slept comes with a token that is over.
    return await answerOf(response.status === 401 ? await ask(await this.#renewed()) : response)
  }

  async #renewed(): Promise<string> {
    this.#token = this.network
      .fetch('session', { method: 'POST', body: JSON.stringify(this.login) })
      .then(async (response) => (response.ok ? await response.text() : await refuse(response)))
    this.#token.catch(() => {
      this.#token = undefined
    })
    return await this.#token
  }
}

async function answerOf(response: Response): Promise<unknown> {
  return response.ok ? await response.json() : await refuse(response)
}

async function refuse(response: Response): Promise<never> {
  // What stands before a service that is away answers in words of its own.
  const problem = (await response.json().catch(() => undefined)) as { detail?: string; current?: unknown } | undefined
  if (problem?.detail === undefined) throw new WeirError('unavailable', 'El servicio no responde.')
  throw new Refusal(response.status, problem.detail, problem.current)
}
