import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpServer, Listen } from './http-server.ts'

/** The part of Deno that is used here: its types would claim globals of the other runtimes. */
export interface DenoRuntime {
  serve(
    options: {
      readonly hostname: string
      readonly port: number
      onListen(): void
      onError(thrown: unknown): Response
    },
    handler: (request: Request, info: DenoInfo) => Response | Promise<Response>,
  ): DenoServer
}

interface DenoInfo {
  readonly remoteAddr: { readonly hostname: string }
}

interface DenoServer {
  readonly addr: { readonly port: number }
  /** Stops listening and resolves when running requests are done. */
  shutdown(): Promise<void>
}

export const deno: DenoRuntime | undefined = (globalThis as { Deno?: DenoRuntime }).Deno

export function serveDeno(runtime: DenoRuntime, { hostname, port, handler, onError }: Listen): HttpServer {
  const server = runtime.serve({ hostname, port, onListen() {}, onError }, (request, info) =>
    handler(request, {
      get ip() {
        return info.remoteAddr.hostname
      },
    }),
  )
  return {
    port: server.addr.port,
    async close(graceMs) {
      const grace = new AbortController()
      // Deno takes no abort once it shuts down, so what runs past the grace is only not waited for.
      await Promise.race([server.shutdown(), sleep(graceMs, undefined, { signal: grace.signal }).catch(() => {})])
      grace.abort()
    },
  }
}
