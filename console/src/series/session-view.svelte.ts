import { limits } from '../limits.ts'
import type { Link } from '../link/link.svelte.ts'
import { faultText } from '../words/fault-text.ts'

/** A connection to a hub, as the hub says it. */
export interface SessionLine {
  readonly hub: string
  readonly session: string
  /** Of the token. */
  readonly subject: string
  readonly client: string
  readonly ip: string
  readonly ageSeconds: number
  readonly lagEntries: number
  readonly lagSeconds: number
  readonly outstandingBytes: number
  readonly subscriptions: number
  readonly reads: readonly { readonly source: string; readonly mode: string; readonly filters: readonly string[] }[]
}

interface SessionsAnswer {
  readonly hubs: readonly { readonly hub: string; readonly connections: number; readonly matching: number }[]
  readonly sessions: readonly SessionLine[]
}

/** Who is connected to the hubs, asked every few seconds; for administrators. */
export class SessionView {
  sessions: readonly SessionLine[] = $state.raw([])
  connections: number = $state(0)
  matching: number = $state(0)
  /** Whether there was an answer. */
  known: boolean = $state(false)
  fault: string = $state('')
  readonly #link: Link
  #query = ''
  #timer: ReturnType<typeof setTimeout> | undefined
  #asked = 0
  #closed = false

  constructor(link: Link) {
    this.#link = link
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  /** Asks for others from now on; soon, as a person types. */
  look(find: string, behind: boolean): void {
    const query = new URLSearchParams({ limit: String(limits.sessionsShown) })
    if (find !== '') query.set('find', find)
    if (behind) query.set('behind', 'true')
    this.#query = query.toString()
    this.#again(this.known ? limits.typingMs : 0)
  }

  /** How many were closed. Rejects with a sentence. */
  async disconnect(subject: string): Promise<number> {
    const query = new URLSearchParams({ subject })
    const { closed } = await this.#link.readHub<{ closed: number }>(`/v1/sessions?${query}`, { method: 'DELETE' })
    this.#again(0)
    return closed
  }

  #again(afterMs: number): void {
    clearTimeout(this.#timer)
    if (!this.#closed) this.#timer = setTimeout(() => void this.#ask(), afterMs)
  }

  async #ask(): Promise<void> {
    const asked = ++this.#asked
    try {
      const answer = await this.#link.readHub<SessionsAnswer>(`/v1/sessions?${this.#query}`)
      if (asked !== this.#asked) return
      this.sessions = answer.sessions
      this.connections = answer.hubs.reduce((sum, { connections }) => sum + connections, 0)
      this.matching = answer.hubs.reduce((sum, { matching }) => sum + matching, 0)
      this.known = true
      this.fault = ''
    } catch (thrown) {
      if (asked === this.#asked) this.fault = faultText(thrown)
    }
    if (asked === this.#asked) this.#again(limits.sessionsLookMs)
  }
}
