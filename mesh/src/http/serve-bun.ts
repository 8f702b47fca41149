import { limits } from '../config/limits.ts'
import type { HttpServer, Listen } from './http-server.ts'

/** The part of Bun that is used here: its types would claim globals of the other runtimes. */
export interface BunRuntime {
  serve(options: {
    readonly hostname: string
    readonly port: number
    /** Seconds. */
    readonly idleTimeout: number
    readonly development: boolean
    readonly reusePort: boolean
    fetch(request: Request, server: BunServer): Response | Promise<Response>
    error(thrown: unknown): Response
  }): BunServer
}

interface BunServer {
  readonly port: number
  requestIP(request: Request): { readonly address: string } | null
  /** Resolves when running requests are done. */
  stop(closeActiveConnections: boolean): Promise<void>
}

export const bun: BunRuntime | undefined = (globalThis as { Bun?: BunRuntime }).Bun

export function serveBun(runtime: BunRuntime, { hostname, port, handler, onError }: Listen): HttpServer {
  const server = runtime.serve({
    hostname,
    port,
    idleTimeout: limits.httpIdleMs / 1000,
    // Without development Bun would show no stack traces, but also share the port with whoever has
    // it.
    development: false,
    reusePort: false,
    fetch: (request, bunServer) =>
      handler(request, {
        // Bun makes an object and a string of each address, so only a handler that asks pays for
        // it.
        get ip() {
          return bunServer.requestIP(request)?.address ?? ''
        },
      }),
    error: onError,
  })
  return {
    port: server.port,
    async close(graceMs) {
      const force = setTimeout(() => void server.stop(true), graceMs)
      await server.stop(false)
      clearTimeout(force)
    },
  }
}
