/**
 * The network of a page with a switch, so that a person can see what happens without one: while it
 * is cut, sockets end and requests fail as they do in a tunnel.
 */
export class Network {
  readonly WebSocket: typeof WebSocket
  readonly #open: Set<WebSocket> = new Set()
  #isCut = false

  constructor() {
    const network = this
    this.WebSocket = class extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols)
        network.#open.add(this)
        this.addEventListener('close', () => network.#open.delete(this))
        if (network.#isCut) this.close()
      }
    }
  }

  readonly fetch: typeof fetch = (input, init) =>
    this.#isCut ? Promise.reject(new TypeError('La red está cortada.')) : fetch(input, init)

  get isCut(): boolean {
    return this.#isCut
  }

  cut(isCut: boolean): void {
    this.#isCut = isCut
    if (isCut) for (const socket of this.#open) socket.close()
  }
}
