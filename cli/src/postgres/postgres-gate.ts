import { createHash, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { limits } from '../limits.ts'

export interface PostgresGateOptions {
  /** Where clients come in, on 127.0.0.1. 0 takes a free one. */
  readonly port: number
  readonly password: string
  /**
   * Takes a client that has given the password, as it was when it connected: its startup message is
   * to be read.
   */
  readonly serve: (client: Socket) => void
}

/**
 * Asks each client for the password, by the cleartext exchange of the PostgreSQL protocol 3.0,
 * since nothing leaves the machine; then hands its socket on, so that no byte is copied. PGlite
 * knows no passwords, and every account of a machine reaches its loopback addresses.
 */
export async function openPostgresGate({ port, password, serve }: PostgresGateOptions): Promise<Server> {
  const server = createServer((client) => admit(client, password, serve))
  server.maxConnections = limits.postgresConnectionsMax
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function admit(client: Socket, password: string, serve: (client: Socket) => void): void {
  let held = Buffer.alloc(0)
  /** The message that a client begins with, once it has come. */
  let startup: Buffer | undefined
  const deadline = setTimeout(() => client.destroy(), limits.postgresHandshakeMs)
  client.setNoDelay(true)
  client.on('error', fail)
  client.on('data', read)
  client.on('close', () => clearTimeout(deadline))

  function fail(): void {
    client.destroy()
  }

  function read(bytes: Buffer): void {
    held = Buffer.concat([held, bytes])
    if (held.length > limits.postgresHandshakeBytesMax) client.destroy()
    for (;;) {
      const message = take()
      if (message === undefined || client.destroyed) return
      if (startup === undefined) begin(message)
      else {
        answer(message)
        return
      }
    }
  }

  /** The next whole message of what is held; the first ones have no letter before their length. */
  function take(): Buffer | undefined {
    const at = startup === undefined ? 0 : 1
    if (held.length < at + 4) return undefined
    const length = at + held.readInt32BE(at)
    if (length < at + 4) client.destroy()
    if (held.length < length) return undefined
    const message = held.subarray(0, length)
    held = held.subarray(length)
    return message
  }

  function begin(message: Buffer): void {
    const code = message.length < 8 ? 0 : message.readInt32BE(4)
    if (code === SSL_REQUEST || code === GSS_REQUEST) client.write('N')
    else if (code === PROTOCOL_3) {
      startup = message
      client.write(cleartextPassword)
    } else client.destroy()
  }

  function answer(message: Buffer): void {
    const isPassword = message[0] === PASSWORD_LETTER && same(message.subarray(5, -1), Buffer.from(password))
    if (!isPassword) {
      client.end(refusal)
      return
    }
    clearTimeout(deadline)
    client.pause()
    client.off('data', read)
    client.unshift(Buffer.concat([startup ?? Buffer.alloc(0), held]))
    serve(client)
    client.off('error', fail)
    client.resume()
  }
}

/** In a time that tells nothing of either. */
function same(one: Buffer, other: Buffer): boolean {
  const digest = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()
  return timingSafeEqual(digest(one), digest(other))
}

const PROTOCOL_3 = 196_608
const SSL_REQUEST = 80_877_103
const GSS_REQUEST = 80_877_104
const PASSWORD_LETTER = 0x70

/** AuthenticationCleartextPassword. */
const cleartextPassword = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3])

/** ErrorResponse: severity, code and message, each with its letter. */
const refusal: Buffer = (() => {
  const fields = Buffer.from('SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed\0\0')
  const head = Buffer.alloc(5)
  head.write('E')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
})()
