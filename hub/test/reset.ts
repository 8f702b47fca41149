import type { Socket } from 'node:net'

/**
 * Breaks a connection by RST, or closes it where its end is being said already: libuv refuses to
 * reset it then, and Node 22 never lets go of its handle, so that the process spins at its exit.
 */
export function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
