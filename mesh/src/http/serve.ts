import { isIP } from 'node:net'
import { asWeirError, WeirError } from '@weir/proto'
import { guarded } from './guarded.ts'
import type { Handler, HttpServer, Listen } from './http-server.ts'
import { problem } from './problem.ts'
import { bun, serveBun } from './serve-bun.ts'
import { deno, serveDeno } from './serve-deno.ts'
import { serveNode } from './serve-node.ts'

export interface ServeOptions {
  readonly hostname: string
  /** 0 asks the system for a free one. */
  readonly port: number
  /** The variable that moves this port: named in the error when the port is taken. */
  readonly portSetting?: string
  /**
   * Answers for a handler that throws; by default with the problem of the error, `internal` for one
   * that is not ours.
   */
  readonly onError?: (thrown: unknown) => Response
}

/**
 * One HTTP/1.1 server on Bun, Deno or Node, whichever runs this. Throws `conflict` when the port is
 * taken.
 */
export async function serve(handler: Handler, options: ServeOptions): Promise<HttpServer> {
  const { hostname, port, onError = (thrown) => problem(asWeirError(thrown)) } = options
  const listen: Listen = { hostname, port, handler: guarded(handler, onError), onError }
  try {
    if (bun !== undefined) return serveBun(bun, listen)
    if (deno !== undefined) return serveDeno(deno, listen)
    return await serveNode(listen)
  } catch (cause) {
    throw listenError(cause, options)
  }
}

function listenError(cause: unknown, { hostname, port, portSetting }: ServeOptions): unknown {
  if (!(cause instanceof Error && 'code' in cause)) return cause
  switch (cause.code) {
    case 'EADDRINUSE': {
      const move = portSetting === undefined ? '' : `, or move this one with ${portSetting} (WEIR_PORT_BASE moves all)`
      return new WeirError('conflict', `Port ${port} on ${hostname} is taken: stop what listens there${move}.`, {
        cause,
      })
    }
    case 'EACCES':
      return new WeirError('forbidden', `This user may not listen on port ${port}: take one above 1023.`, { cause })
    case 'EADDRNOTAVAIL':
    case 'EINVAL':
      return notHere(hostname, cause)
    default:
      // For a name that does not resolve, Bun gives the code of some call before.
      return isIP(hostname) === 0 ? notHere(hostname, cause) : cause
  }
}

function notHere(hostname: string, cause: Error): WeirError {
  return new WeirError('invalid', `${hostname} is not an address of this machine: set WEIR_HOST.`, { cause })
}
