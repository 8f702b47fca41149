/** The transport: what the client needs of a WebSocket, and the seam at which tests put another. */
export interface Socket {
  /** Only after `opened`, and not after `closed`. */
  send(message: string | Uint8Array<ArrayBuffer>): void
  /** With 1000, or a code of 3000 to 4999: browsers allow no other. */
  close(code: number, reason: string): void
}

export interface SocketEvents {
  /** The subprotocol is what the server chose; empty when it chose none. */
  opened(subprotocol: string): void
  received(message: string | Uint8Array): void
  /**
   * Exactly once, also when it never opened; nothing follows. 1006 (RFC 6455) when there was no
   * close frame.
   */
  closed(code: number, reason: string): void
}

export type OpenSocket = (url: string, subprotocol: string, events: SocketEvents) => Socket

/** The constructor of a WebSocket as browsers, Node 22, Bun and Deno have it. */
export type WebSocketConstructor = new (url: string, protocols: string | string[]) => WebSocket

export function openWebSocket(Constructor: WebSocketConstructor): OpenSocket {
  return (url, subprotocol, events) => {
    const socket = new Constructor(url, subprotocol)
    socket.binaryType = 'arraybuffer'
    let neverOpened = true
    let isClosed = false
    const closed = (code: number, reason: string): void => {
      if (!isClosed) events.closed(code, reason)
      isClosed = true
    }
    socket.onopen = () => {
      neverOpened = false
      events.opened(socket.protocol)
    }
    socket.onmessage = ({ data }) => events.received(typeof data === 'string' ? data : new Uint8Array(data))
    socket.onclose = ({ code, reason }) => closed(code, reason)
    // Node 22 tells of a refused connection by `error` alone, without the `close` that the standard
    // has follow it.
    socket.onerror = () => {
      if (neverOpened) closed(1006, '')
    }
    return {
      send: (message) => socket.send(message),
      close: (code, reason) => socket.close(code, reason),
    }
  }
}
