const key = 'weir.token'

type Message = { readonly kind: 'ask' } | { readonly kind: 'token'; readonly token: string } | { readonly kind: 'left' }

/**
 * The token of this browser. It is in memory and in the sessionStorage of each tab, never in a
 * query or a cookie. A tab that opens asks the others for it, and one that gets a new token, or
 * signs out, tells them: one sign-in serves all tabs.
 */
export class TokenBox {
  readonly #channel = new BroadcastChannel('weir')
  readonly #changed: (token: string | undefined) => void
  #token: string | undefined

  constructor(changed: (token: string | undefined) => void) {
    this.#changed = changed
    this.#token = fromAddress() ?? sessionStorage.getItem(key) ?? undefined
    if (this.#token !== undefined) sessionStorage.setItem(key, this.#token)
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#heard(data)
    if (this.#token === undefined) this.#channel.postMessage({ kind: 'ask' } satisfies Message)
    else this.#tell({ kind: 'token', token: this.#token })
  }

  get token(): string | undefined {
    return this.#token
  }

  keep(token: string): void {
    this.#set(token)
    this.#tell({ kind: 'token', token })
  }

  /** For this tab alone: the token is no good any more. */
  forget(): void {
    this.#token = undefined
    sessionStorage.removeItem(key)
  }

  /** For all tabs. */
  leave(): void {
    this.forget()
    this.#tell({ kind: 'left' })
    this.#changed(undefined)
  }

  #heard(message: Message): void {
    if (message.kind === 'ask' && this.#token !== undefined) this.#tell({ kind: 'token', token: this.#token })
    if (message.kind === 'token' && message.token !== this.#token) this.#set(message.token)
    if (message.kind === 'left' && this.#token !== undefined) {
      this.forget()
      this.#changed(undefined)
    }
  }

  #set(token: string): void {
    this.#token = token
    sessionStorage.setItem(key, token)
    this.#changed(token)
  }

  #tell(message: Message): void {
    this.#channel.postMessage(message)
  }
}

/**
 * From the fragment of the address, which no server sees and which is cleared at once: it is
 * neither copied nor kept in the history.
 */
function fromAddress(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token === null) return undefined
  history.replaceState(null, '', location.pathname + location.search)
  return token
}
