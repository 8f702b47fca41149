import { clientLimits } from '../limits.ts'
import { type OpenSocket, openWebSocket, type Socket, type SocketEvents } from '../session/socket.ts'
import { PORT_VERSION, type SocketMessage, type ToTab, type ToWorker } from './port.ts'

/**
 * For `connect({ openSocket })`: one socket to the hub for all tabs of the origin, which a
 * SharedWorker holds. `open` makes the worker, whose script calls `shareSockets`:
 * `() => new SharedWorker(new URL('./worker.ts', import.meta.url), { type: 'module' })`.
 *
 * Where there is no SharedWorker, no Web Locks (pages that are not of a secure context) or no
 * answer from the worker, the tab has a WebSocket of its own.
 */
export function sharedSocket(open: () => SharedWorker): OpenSocket {
  return (url, subprotocol, events) => {
    const isPossible = 'SharedWorker' in globalThis && globalThis.navigator?.locks !== undefined
    return isPossible ? new SharedSocket(open, url, subprotocol, events) : openOwn(url, subprotocol, events)
  }
}

/** A tab's end of the socket of all tabs, or a socket of its own where that cannot be. */
class SharedSocket implements Socket {
  readonly #url: string
  readonly #subprotocol: string
  readonly #events: SocketEvents
  #port: MessagePort | undefined
  #own: Socket | undefined
  #hasEnded = false
  #releaseLock = (): void => {}
  #cancelDeadline = (): void => {}
  /** Ends the wait for the end of the worker. */
  readonly #abort = new AbortController()

  constructor(open: () => SharedWorker, url: string, subprotocol: string, events: SocketEvents) {
    this.#url = url
    this.#subprotocol = subprotocol
    this.#events = events
    const timer = setTimeout(() => this.#doWithout(), clientLimits.workerMs)
    this.#cancelDeadline = () => clearTimeout(timer)
    try {
      const worker = open()
      worker.onerror = () => this.#doWithout()
      this.#port = worker.port
      this.#port.onmessage = ({ data }: MessageEvent<ToTab>) => this.#heard(data)
      this.#ask(`weir-tab-${crypto.randomUUID()}`)
    } catch {
      this.#doWithout()
    }
  }

  send(message: SocketMessage): void {
    if (this.#own !== undefined) this.#own.send(message)
    else this.#say({ type: 'send', message })
  }

  close(code: number, reason: string): void {
    if (this.#own !== undefined) this.#own.close(code, reason)
    else if (!this.#hasEnded) {
      this.#say({ type: 'close', code })
      this.#leaveWorker()
      this.#hasEnded = true
    }
  }

  /** The lock tells the worker that this tab is gone, however it goes. */
  #ask(lock: string): void {
    const isHeld = navigator.locks.request(lock, () => {
      this.#say({ type: 'open', version: PORT_VERSION, url: this.#url, subprotocol: this.#subprotocol, lock })
      return new Promise<void>((resolve) => {
        this.#releaseLock = resolve
        if (this.#port === undefined) resolve()
      })
    })
    isHeld.catch(() => this.#doWithout())
  }

  #heard(said: ToTab): void {
    if (this.#hasEnded || this.#own !== undefined) return
    switch (said.type) {
      case 'ready':
        if (said.version !== PORT_VERSION) this.#doWithout()
        else {
          this.#cancelDeadline()
          this.#watch(said.lock)
        }
        break
      case 'opened':
        this.#events.opened(said.subprotocol)
        break
      case 'message':
        this.#events.received(said.message)
        break
      case 'closed':
        this.#end(said.code, said.reason)
    }
  }

  /** A worker dies with the process that it shares with a tab: another one is started then. */
  #watch(lock: string): void {
    navigator.locks
      .request(lock, { signal: this.#abort.signal }, () => this.#end(1006, 'The worker has ended.'))
      .then(undefined, () => undefined)
  }

  #end(code: number, reason: string): void {
    if (this.#hasEnded) return
    this.#leaveWorker()
    this.#hasEnded = true
    this.#events.closed(code, reason)
  }

  #say(said: ToWorker): void {
    this.#port?.postMessage(said)
  }

  #doWithout(): void {
    if (this.#hasEnded || this.#own !== undefined) return
    this.#leaveWorker()
    try {
      this.#own = openOwn(this.#url, this.#subprotocol, this.#events)
    } catch (thrown) {
      this.#hasEnded = true
      this.#events.closed(1006, String(thrown))
    }
  }

  #leaveWorker(): void {
    this.#cancelDeadline()
    this.#port?.close()
    this.#port = undefined
    this.#releaseLock()
    this.#abort.abort()
  }
}

const openOwn: OpenSocket = (url, subprotocol, events) => openWebSocket(globalThis.WebSocket)(url, subprotocol, events)
