import { tabLimits } from '../limits.ts'
import { type OpenSocket, openWebSocket, type Socket, type SocketEvents } from '../session/socket.ts'
import { PORT_VERSION, type SocketMessage, type ToTab, type ToWorker } from './port.ts'

/**
 * For `connect({ openSocket })`: one socket to the hub for all tabs of the origin, which a
 * SharedWorker holds. `open` makes the worker, whose script calls `shareSockets`:
 * `() => new SharedWorker(new URL('./worker.ts', import.meta.url), { type: 'module' })`.
 *
 * Where there is no SharedWorker, no Web Locks (pages that are not of a secure context) or no
 * answer from the worker in `waitMs` (5,000), the tab has a WebSocket of its own.
 */
export function sharedSocket(
  open: () => SharedWorker,
  { waitMs = tabLimits.workerMs }: SharedOptions = {},
): OpenSocket {
  return (url, subprotocol, events) => {
    const isPossible = 'SharedWorker' in globalThis && globalThis.navigator?.locks !== undefined
    return isPossible ? new SharedSocket(open, waitMs, url, subprotocol, events) : openOwn(url, subprotocol, events)
  }
}

export interface SharedOptions {
  /** How long a tab waits for the worker before it has a WebSocket of its own; 5,000. */
  readonly waitMs?: number
}

/** A tab's end of the socket of all tabs, or a socket of its own where that cannot be. */
class SharedSocket implements Socket {
  readonly #open: () => SharedWorker
  readonly #url: string
  readonly #subprotocol: string
  readonly #events: SocketEvents
  #port: MessagePort | undefined
  #own: Socket | undefined
  #hasEnded = false
  #releaseLock = (): void => {}
  /** Until the worker has answered. */
  #deadline: ReturnType<typeof setTimeout> | undefined
  #nextAsk: ReturnType<typeof setTimeout> | undefined
  /** Ends the wait for the end of the worker. */
  readonly #abort = new AbortController()

  constructor(open: () => SharedWorker, waitMs: number, url: string, subprotocol: string, events: SocketEvents) {
    this.#open = open
    this.#url = url
    this.#subprotocol = subprotocol
    this.#events = events
    this.#deadline = setTimeout(() => this.#doWithout(), waitMs)
    this.#ask()
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

  /**
   * Asks the worker for a socket, and anew until it answers: a worker that is about to end takes a
   * port and never reads it, and who is asked next is another.
   */
  #ask(): void {
    this.#dropPort()
    this.#nextAsk = setTimeout(() => this.#ask(), tabLimits.workerAskMs)
    try {
      const worker = this.#open()
      const { port } = worker
      this.#port = port
      // Its script does not load. An error of a worker that runs reaches its tabs too in Firefox.
      worker.onerror = () => {
        if (this.#port === port && this.#deadline !== undefined) this.#doWithout()
      }
      port.onmessage = ({ data }: MessageEvent<ToTab>) => {
        if (this.#port === port) this.#heard(data)
      }
      this.#introduce(port, `weir-tab-${crypto.randomUUID()}`)
    } catch {
      this.#doWithout()
    }
  }

  /** The lock tells the worker that this tab is gone, however it goes. */
  #introduce(port: MessagePort, lock: string): void {
    const isHeld = navigator.locks.request(lock, () => {
      if (this.#port !== port) return
      this.#say({ type: 'open', version: PORT_VERSION, url: this.#url, subprotocol: this.#subprotocol, lock })
      return new Promise<void>((resolve) => {
        this.#releaseLock = resolve
      })
    })
    isHeld.catch(() => this.#doWithout())
  }

  #heard(said: ToTab): void {
    if (this.#hasEnded || this.#own !== undefined) return
    this.#endWait()
    switch (said.type) {
      case 'ready':
        if (said.version === PORT_VERSION) this.#watch(said.lock)
        else this.#doWithout()
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

  /**
   * A worker dies with the process that it shares with a tab: another one is started then. All tabs
   * are told at once, and none of them by another that has first to let go of the lock.
   */
  #watch(lock: string): void {
    navigator.locks
      .request(lock, { mode: 'shared', signal: this.#abort.signal }, () => this.#end(1006, 'The worker has ended.'))
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
    this.#endWait()
    this.#dropPort()
    this.#abort.abort()
  }

  #endWait(): void {
    clearTimeout(this.#deadline)
    clearTimeout(this.#nextAsk)
    this.#deadline = undefined
  }

  #dropPort(): void {
    this.#port?.close()
    this.#port = undefined
    this.#releaseLock()
  }
}

const openOwn: OpenSocket = (url, subprotocol, events) => openWebSocket(globalThis.WebSocket)(url, subprotocol, events)
