import type { Health } from '../run/health.ts'
import type { Metrics } from '../run/metrics.ts'
import { adminHandler } from './admin.ts'
import type { HttpServer } from './http-server.ts'
import { type ServeOptions, serve } from './serve.ts'

/** Undefined for what is not its own. */
export type AdminRoutes = (request: Request) => Response | undefined | Promise<Response | undefined>

/**
 * The admin port of a service: the pages of every service, and routes that join when what they are
 * about is there.
 */
export interface AdminServer extends HttpServer {
  /** From now on these are asked before the pages; `path` tells where they are. */
  add(path: string, routes: AdminRoutes): void
}

export interface AdminServerOptions extends ServeOptions {
  readonly health: Health
  readonly metrics: Metrics
}

/**
 * Listens before anything else of a service, so that people can ask why it is not ready. Throws
 * what `serve` does.
 */
export async function serveAdmin(options: AdminServerOptions): Promise<AdminServer> {
  const paths: string[] = []
  const pages = adminHandler(options, paths)
  const added: AdminRoutes[] = []
  const server = await serve(async (request) => {
    for (const routes of added) {
      const answer = await routes(request)
      if (answer !== undefined) return answer
    }
    return pages(request)
  }, options)
  return {
    ...server,
    add(path, routes) {
      paths.push(path)
      added.push(routes)
    },
  }
}
