import { lookup } from 'node:dns/promises'
import { connect, isIP, type Socket } from 'node:net'
import { checkServerIdentity, type TLSSocket, connect as tlsConnect } from 'node:tls'
import { WeirError } from '@weir/proto'
import { limits } from '../../limits.ts'
import type { AddressGuard } from './address-guard.ts'

/** One request to a target. */
export interface Post {
  readonly url: URL
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
}

/**
 * Sends one request and resolves with the status of its answer. The name is resolved here, and the
 * connection goes to the address that was checked: a name that resolves to another one a moment
 * later leads nowhere else, which no HTTP client of both Bun and Node allows. Nothing of the answer
 * but its status is read, and no redirect is followed.
 *
 * Throws `forbidden` when the guard refuses every address, and `unavailable` when no status comes
 * within `limits.notifyRequestMs`.
 */
export async function post(request: Post, guard: AddressGuard): Promise<number> {
  const { url } = request
  let socket: Socket | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(away(url, 'did not answer in time')), limits.notifyRequestMs)
  })
  try {
    const address = await Promise.race([late, allowedAddress(url, guard)])
    const opened = open(url, address)
    socket = opened
    return await Promise.race([late, statusOf(opened, request, guard)])
  } finally {
    clearTimeout(timer)
    socket?.destroy()
  }
}

async function allowedAddress({ hostname, host }: URL, guard: AddressGuard): Promise<string> {
  const name = hostname.replace(/^\[(.*)\]$/, '$1')
  const found = await lookup(name, { all: true }).catch((cause) => {
    throw new WeirError('unavailable', `The name ${name} cannot be resolved.`, { cause })
  })
  const allowed = found.find(({ address }) => guard.allows(address))
  if (allowed === undefined) throw refused(host)
  return allowed.address
}

function open(url: URL, address: string): Socket {
  const isSecure = url.protocol === 'https:'
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port)
  if (!isSecure) return connect({ host: address, port })
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return tlsConnect({
    host: address,
    port,
    ALPNProtocols: ['http/1.1'],
    ...(isIP(name) === 0 ? { servername: name } : {}),
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
  })
}

function statusOf(socket: Socket, { url, headers, body }: Post, guard: AddressGuard): Promise<number> {
  return new Promise((resolve, reject) => {
    const head = [
      `POST ${url.pathname}${url.search} HTTP/1.1`,
      `host: ${url.host}`,
      'connection: close',
      `content-length: ${body.length}`,
      ...headers.map(([name, value]) => `${name}: ${value}`),
    ]
    socket.once('error', (cause) => reject(away(url, 'cannot be reached', cause)))
    socket.once('close', () => reject(away(url, 'closed the connection without an answer')))
    socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
      if (!guard.allows(socket.remoteAddress ?? '')) {
        reject(refused(url.host))
        return
      }
      if (url.protocol === 'https:' && !(socket as TLSSocket).authorized) {
        reject(away(url, 'has a certificate that is not trusted'))
        return
      }
      socket.write(`${head.join('\r\n')}\r\n\r\n`)
      socket.write(body)
    })
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
      // An interim answer comes before the one that counts.
      for (let status = statusIn(answer); status !== undefined; status = statusIn(answer)) {
        if (status === 'none') reject(away(url, 'does not answer in HTTP'))
        if (status === 'none' || status >= 200) {
          if (status !== 'none') resolve(status)
          return
        }
        const end = answer.indexOf('\r\n\r\n')
        if (end < 0) break
        answer = answer.slice(end + 4)
      }
      if (answer.length > limits.notifyAnswerMax) reject(away(url, 'does not answer in HTTP'))
    })
  })
}

/** Undefined while the first line is not whole. */
function statusIn(answer: string): number | 'none' | undefined {
  if (!answer.includes('\n')) return 'HTTP/1.'.startsWith(answer.slice(0, 7)) ? undefined : 'none'
  const match = /^HTTP\/1\.[01] ([1-5]\d\d)[ \r\n]/.exec(answer)
  return match === null ? 'none' : Number(match[1])
}

/** Says the host and never the rest of an address, which may be a secret. */
function away({ host }: URL, what: string, cause?: unknown): WeirError {
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? ` (${cause.code})` : ''
  return new WeirError('unavailable', `${host} ${what}${code}.`)
}

function refused(host: string): WeirError {
  return new WeirError(
    'forbidden',
    `${host} has an address inside this machine or a private network; WEIR_NOTIFY_ALLOW allows those that are meant.`,
  )
}
