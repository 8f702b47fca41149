import type { AddressInfo } from 'node:net'
import { WeirError } from '@weir/proto'

/** Answers a request; `ip` is the address of the peer on this connection, whatever headers claim. */
export type Handler = (request: Request, info: { readonly ip: string }) => Response | Promise<Response>

export interface ServeOptions {
  readonly hostname: string
  /** 0 asks the system for a free one. */
  readonly port: number
  /** The variable that moves this port, named when the port is taken. */
  readonly portSetting?: string
}

export interface HttpServer {
  readonly port: number
  /** Accepts nothing new, lets running requests finish for at most `graceMs`, then cuts them off and frees the port. */
  close(graceMs: number): Promise<void>
}

/** One HTTP/1.1 server on Bun, Deno or Node, by which of them runs this. */
export async function serve(handler: Handler, options: ServeOptions): Promise<HttpServer> {
  try {
    if (bun !== undefined) return serveBun(bun, handler, options)
    if (deno !== undefined) return serveDeno(deno, handler, options)
    return await serveNode(handler, options)
  } catch (cause) {
    throw listenError(cause, options)
  }
}

function listenError(cause: unknown, { hostname, port, portSetting }: ServeOptions): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code !== 'EADDRINUSE' && !(cause instanceof Error && cause.name === 'AddrInUse')) return cause
  const move = portSetting === undefined ? '' : `, or move this one with ${portSetting} or WEIR_PORT_BASE`
  return new WeirError('conflict', `Port ${port} on ${hostname} is taken: stop what listens there${move}.`, { cause })
}

interface BunServer {
  readonly port: number
  requestIP(request: Request): { address: string } | null
  stop(closeActive: boolean): Promise<void>
}
interface BunRuntime {
  serve(options: {
    hostname: string
    port: number
    fetch(request: Request, server: BunServer): Response | Promise<Response>
  }): BunServer
}

function serveBun(runtime: BunRuntime, handler: Handler, { hostname, port }: ServeOptions): HttpServer {
  const server = runtime.serve({
    hostname,
    port,
    fetch: (request, bunServer) => handler(request, { ip: bunServer.requestIP(request)?.address ?? '' }),
  })
  return {
    port: server.port,
    async close(graceMs) {
      const force = setTimeout(() => server.stop(true), graceMs)
      await server.stop(false)
      clearTimeout(force)
    },
  }
}

interface DenoServer {
  readonly addr: { readonly port: number }
  readonly finished: Promise<void>
  shutdown(): Promise<void>
}
interface DenoRuntime {
  serve(
    options: { hostname: string; port: number; signal: AbortSignal; onListen(): void },
    handler: (request: Request, info: { remoteAddr: { hostname: string } }) => Response | Promise<Response>,
  ): DenoServer
}

function serveDeno(runtime: DenoRuntime, handler: Handler, { hostname, port }: ServeOptions): HttpServer {
  const abort = new AbortController()
  const server = runtime.serve({ hostname, port, signal: abort.signal, onListen() {} }, (request, info) =>
    handler(request, { ip: info.remoteAddr.hostname }),
  )
  return {
    port: server.addr.port,
    async close(graceMs) {
      const force = setTimeout(() => abort.abort(), graceMs)
      await Promise.race([server.shutdown(), server.finished])
      clearTimeout(force)
    },
  }
}

async function serveNode(handler: Handler, { hostname, port }: ServeOptions): Promise<HttpServer> {
  const { createAdaptorServer } = await import('@hono/node-server')
  const { Server } = await import('node:http')
  const server = createAdaptorServer({
    fetch: (request, env) => handler(request, { ip: env.incoming.socket.remoteAddress ?? '' }),
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, hostname, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return {
    port: (server.address() as AddressInfo).port,
    async close(graceMs) {
      const force = setTimeout(() => {
        if (server instanceof Server) server.closeAllConnections()
      }, graceMs)
      await new Promise<void>((resolve) => server.close(() => resolve()))
      clearTimeout(force)
    },
  }
}

const bun = (globalThis as { Bun?: BunRuntime }).Bun
const deno = (globalThis as { Deno?: DenoRuntime }).Deno
