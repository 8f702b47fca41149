import type { ClientFrame } from '@weir/proto'
import type { Clock } from '../platform/clock.ts'
import type { OpenSocket, Socket, SocketEvents } from '../session/socket.ts'
import { HubSocket } from './hub-socket.ts'
import type { SocketMessage } from './port.ts'
import { type RelayCodec, relayCodec } from './relay-codec.ts'
import { TabSocket } from './tab-socket.ts'
import { tokenIdentity } from './token-identity.ts'

/**
 * The sockets of all tabs of an origin: one for each address, codec and identity. A tab opens one
 * as it would open a WebSocket, with `open`, and is given a share of one that there is, or a new
 * one.
 */
export class SocketPool {
  readonly #openSocket: OpenSocket
  readonly #clock: Clock
  readonly #sockets: Set<HubSocket> = new Set()

  constructor(openSocket: OpenSocket, clock: Clock) {
    this.#openSocket = openSocket
    this.#clock = clock
  }

  readonly open: OpenSocket = (url, subprotocol, events) => {
    const codec = relayCodec(subprotocol)
    if (codec === undefined) throw new Error(`There is no subprotocol ${subprotocol}.`)
    return this.#share(url, codec, events)
  }

  #share(url: string, codec: RelayCodec, events: SocketEvents): Socket {
    const tab = new TabSocket(events)
    let identity: string | undefined
    let socket = this.#socketFor(url, codec, identity)
    socket.join(tab)
    /** To a socket of the tab's identity, as soon as its Hello has told that. */
    const move = (token: string): void => {
      identity = tokenIdentity(token)
      if (socket.isFor(identity)) return
      const next = this.#socketFor(url, codec, identity)
      socket.leave(tab, 1000)
      socket = next
      // The tab has had its `opened`.
      socket.join(tab)
    }
    const end = (code: number, reason: string): void => {
      socket.leave(tab, 1000)
      events.closed(code, reason)
    }
    return {
      send(message) {
        const frame: ClientFrame['frame'] = codec.decodeClient(message as SocketMessage)
        if (frame.case === 'hello') move(frame.value.token)
        if (frame.case === 'renew' && tokenIdentity(frame.value.token) !== identity) {
          end(1012, 'The token is of another identity: it needs another socket.')
        } else socket.say(tab, frame)
      },
      close: (code) => socket.leave(tab, code),
    }
  }

  #socketFor(url: string, codec: RelayCodec, identity: string | undefined): HubSocket {
    for (const socket of this.#sockets) {
      if (socket.url === url && socket.codec === codec && socket.isFor(identity)) return socket
    }
    const socket = new HubSocket({
      url,
      codec,
      openSocket: this.#openSocket,
      clock: this.#clock,
      ended: (ended) => this.#sockets.delete(ended),
    })
    this.#sockets.add(socket)
    return socket
  }
}
