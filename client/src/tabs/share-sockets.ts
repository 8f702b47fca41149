import { systemClock } from '../platform/clock.ts'
import { openWebSocket, type Socket } from '../session/socket.ts'
import { PORT_VERSION, type SocketMessage, type ToTab, type ToWorker } from './port.ts'
import { SocketPool } from './socket-pool.ts'

/**
 * Makes this SharedWorker hold the sockets of all tabs of the origin. It is all that the worker's
 * script has to call; the tabs open their sockets with `sharedSocket`.
 */
export function shareSockets(): void {
  const pool = new SocketPool(openWebSocket(globalThis.WebSocket), systemClock)
  const lock = heldForLife(`weir-worker-${crypto.randomUUID()}`)
  globalThis.addEventListener('connect', (event) => {
    for (const port of (event as MessageEvent).ports) serve(port, pool, lock)
  })
}

/** A Web Lock that tells when this worker is gone: the name of it, once it is held. */
function heldForLife(lock: string): Promise<string> {
  return new Promise((resolve) => {
    void navigator.locks.request(lock, () => {
      resolve(lock)
      return new Promise(() => {})
    })
  })
}

function serve(port: MessagePort, pool: SocketPool, ownLock: Promise<string>): void {
  let socket: Socket | undefined
  const say = (said: ToTab, transfer: Transferable[] = []): void => port.postMessage(said, transfer)
  port.onmessage = ({ data }: MessageEvent<ToWorker>) => {
    switch (data.type) {
      case 'open':
        // A tab that is given a socket knows by then how to notice the end of this worker.
        void ownLock.then((lock) => {
          say({ type: 'ready', version: PORT_VERSION, lock })
          if (data.version === PORT_VERSION) socket = open(data)
        })
        break
      case 'send':
        socket?.send(data.message)
        break
      case 'close':
        socket?.close(data.code, '')
    }
  }

  function open({ url, subprotocol, lock }: ToWorker & { readonly type: 'open' }): Socket | undefined {
    const end = (code: number, reason: string): void => say({ type: 'closed', code, reason })
    try {
      const opened = pool.open(url, subprotocol, {
        opened: (subprotocol) => say({ type: 'opened', subprotocol }),
        received: (message) => say({ type: 'message', message: message as SocketMessage }, transferred(message)),
        closed: end,
      })
      // Whoever holds it is gone, however it went.
      void navigator.locks.request(lock, () => opened.close(1000, ''))
      return opened
    } catch (thrown) {
      end(1006, String(thrown))
      return undefined
    }
  }
}

/** The bytes of a whole message, which the worker needs no more, go to the tab without a copy. */
function transferred(message: string | Uint8Array): Transferable[] {
  return typeof message !== 'string' && message.byteLength === message.buffer.byteLength ? [message.buffer] : []
}
