import type { ConnectionState, Weir } from '@weir/client'
import { backoffMs } from '@weir/proto/backoff'
import { limits } from '../limits.ts'
import { faultText } from '../words/fault-text.ts'
import { words } from '../words/words.ts'
import { type ConnectionSaid, connectionSaid, tokenCodes } from './connection-words.ts'
import { type Identity, identityOf } from './identity.ts'
import { ReadWatch } from './read-watch.svelte.ts'
import { learnServerTime, serverNowMs } from './server-time.ts'
import { TokenBox } from './token-box.ts'

/** The page's one connection to the mesh, and who it is for. */
export class Link {
  /** Undefined until there is a token and the hub's address is known. */
  weir: Weir | undefined = $state.raw()
  state: ConnectionState = $state('connecting')
  identity: Identity | undefined = $state.raw()
  /** Why another token is needed; empty for the first. Undefined while none is. */
  askedBecause: string | undefined = $state()
  /** What the connection says, each second anew. */
  said: ConnectionSaid = $state.raw(connectionSaid(begin))
  hub: string = $state('')
  /** The moment as the mesh has it, each second anew; what shows an age follows it. */
  nowMs: number = $state(serverNowMs())
  /** How far the clock of the mesh is ahead of this machine's; 0 where that is no matter. */
  clockAheadMs: number = $state(0)

  readonly reads: ReadWatch = new ReadWatch()

  readonly #box: TokenBox = new TokenBox((token) => this.#changed(token))
  #lostAtMs: number | undefined
  #conflated = 0
  #hubAddress = ''
  #generation = 0
  /**
   * The answer to what the page's HTML has the browser ask as it opens. It is taken at once: the
   * browser would keep it for the next question, however late that comes.
   */
  readonly #early: Promise<string | undefined> = this.#askHubUrl(Date.now() - performance.now())

  constructor() {
    setInterval(() => this.#tick(), 1000)
    if (this.#box.token === undefined) {
      // Another tab may answer first.
      setTimeout(() => {
        if (this.#box.token !== undefined) return
        this.askedBecause = ''
        this.#tick()
      }, limits.tabsAnswerMs)
    } else this.#changed(this.#box.token)
  }

  get token(): string {
    return this.#box.token ?? ''
  }

  /** Whether nothing comes: that there is nothing is not known then. */
  get isCut(): boolean {
    return this.state === 'offline' || this.state === 'connecting' || this.state === 'closed'
  }

  /** Where the hub is reached; empty until it is known. */
  get hubUrl(): string {
    return this.#hubAddress
  }

  signIn(token: string): void {
    this.#box.keep(token)
  }

  signOut(): void {
    this.#box.leave()
  }

  /** Asks for another token while the page stays as it is. */
  renew(): void {
    this.askedBecause = ''
  }

  /** Goes on with the token that there is. */
  keepToken(): void {
    if (this.#box.token !== undefined) this.askedBecause = undefined
  }

  retryNow(): void {
    this.weir?.retryNow()
  }

  /** Entries that were left out for newer ones; the sum is what the page is behind by. */
  leftOut(count: number): void {
    this.#conflated += count
  }

  /** Calls the read API beyond what the client knows. Rejects with a sentence. */
  async read<Body>(path: string, init: RequestInit = {}): Promise<Body> {
    return await this.#ask<Body>(this.reads.fetch, path, init)
  }

  /** Calls the hub over plain HTTP. Rejects with a sentence. */
  async readHub<Body>(path: `/${string}`, init: RequestInit = {}): Promise<Body> {
    const { endpointUrl } = await import('@weir/client')
    const [pathname, query = ''] = path.split('?')
    const url = `${endpointUrl(this.#hubAddress, pathname as `/${string}`, 'http')}?${query}`
    return await this.#ask<Body>(globalThis.fetch, url, init)
  }

  async #ask<Body>(ask: typeof fetch, url: string, init: RequestInit): Promise<Body> {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' }
    const response = await ask(url, { ...init, headers, signal: AbortSignal.timeout(limits.requestMs) }).catch(() => {
      throw new Error(words.shell.noAnswer)
    })
    const body: unknown = response.status === 204 ? {} : await response.json().catch(() => ({}))
    if (!response.ok) throw new ReadFault(response.status, body)
    return body as Body
  }

  #changed(token: string | undefined): void {
    this.identity = token === undefined ? undefined : identityOf(token)
    this.askedBecause = token === undefined ? '' : undefined
    const generation = ++this.#generation
    if (token === undefined) {
      this.weir?.close()
      this.weir = undefined
      this.#tick()
    } else void this.#open(generation)
  }

  async #open(generation: number): Promise<void> {
    // Beside the question for the address, not after it: the client is a third of what the page
    // loads.
    const [hubUrl, { connect, endpointUrl }] = await Promise.all([this.#hubUrl(generation), import('@weir/client')])
    if (hubUrl === undefined) return
    this.weir?.close()
    this.#hubAddress = hubUrl
    const hubSocket = endpointUrl(hubUrl, '/v1/ws', 'http')
    const readUrl = new URL('.', location.href).href
    const weir = connect({
      url: hubUrl,
      readUrl,
      // Whether the hub answers says nothing of the read API.
      fetch: (input, init) => (input === hubSocket ? globalThis.fetch : this.reads.fetch)(input, init),
      getToken: () => this.token,
      client: 'weir-console/0.1.0',
      windowBytes: limits.windowBytes,
    })
    weir.connection.subscribe((state) => {
      // The one before this says last that it is closed.
      if (generation === this.#generation) this.#follow(weir, state)
    })
    this.weir = weir
  }

  #follow(weir: Weir, state: ConnectionState): void {
    if (state === 'offline') this.#lostAtMs ??= Date.now()
    if (state === 'live') {
      this.#lostAtMs = undefined
      this.#conflated = 0
      this.hub = weir.connection.hub ?? ''
    }
    this.state = state
    const { error } = weir.connection
    if ((state === 'closed' || state === 'offline') && error !== undefined && tokenCodes.has(error.code)) {
      this.#box.forget()
      this.askedBecause = words.faults[error.code] ?? error.message
    }
    this.#tick()
  }

  #tick(): void {
    this.nowMs = serverNowMs()
    const status = this.weir?.connection
    this.said = connectionSaid({
      state: this.state,
      signedOut: this.weir === undefined && this.askedBecause !== undefined,
      lostAtMs: this.#lostAtMs,
      attempt: status?.attempt ?? 0,
      retryAtMs: status?.retryAtMs,
      conflated: this.#conflated,
      errorCode: status?.error?.code,
      tokenError: status?.tokenError === undefined ? undefined : faultText(status.tokenError),
      nowMs: Date.now(),
    })
  }

  /**
   * Asked again until the server answers, as the page may be open while it starts; undefined when
   * another token came meanwhile.
   */
  async #hubUrl(generation: number): Promise<string | undefined> {
    for (let attempt = 0; generation === this.#generation; attempt++) {
      const isEarly = attempt === 0 && performance.now() < limits.askedEarlyMs
      const hubUrl = await (isEarly ? this.#early : this.#askHubUrl(Date.now()))
      if (generation !== this.#generation) return undefined
      if (hubUrl !== undefined) return hubUrl
      this.state = 'offline'
      this.#lostAtMs ??= Date.now()
      await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt, limits.askAgainMs, limits.askAgainMaxMs)))
    }
    return undefined
  }

  /** Undefined when the read API does not answer. */
  async #askHubUrl(askedMs: number): Promise<string | undefined> {
    try {
      const response = await this.reads.fetch('v1/config', { signal: AbortSignal.timeout(limits.requestMs) })
      this.clockAheadMs = learnServerTime(response.headers.get('date'), askedMs, Date.now())
      return response.ok ? absolute((await response.json()) as { hubUrl: string }) : undefined
    } catch {
      return undefined
    }
  }
}

/** The address of the hub, which may be relative to that of the page. */
function absolute({ hubUrl }: { readonly hubUrl: string }): string {
  return new URL(hubUrl, location.href).href
}

/** What the read API refused, in its words. */
export class ReadFault extends Error {
  readonly status: number
  /** Of the list in docs/protocol.md; undefined for an answer that is not the read API's. */
  readonly code: string | undefined

  constructor(status: number, body: unknown) {
    const { code, detail } = (body ?? {}) as { code?: unknown; detail?: unknown }
    super(typeof detail === 'string' ? detail : `${status}`)
    this.status = status
    this.code = typeof code === 'string' ? code : undefined
  }
}

const begin = {
  state: 'connecting',
  signedOut: false,
  lostAtMs: undefined,
  attempt: 0,
  retryAtMs: undefined,
  conflated: 0,
  errorCode: undefined,
  tokenError: undefined,
  nowMs: 0,
} as const
