import type { Verifier } from '@weir/mesh'
import { type Context, Hono } from 'hono'
import type { ApiEnv } from './api-env.ts'
import type { Endpoint } from './endpoint.ts'
import { identify } from './identify.ts'
import { knownUrl } from './parameters.ts'
import { takeBody } from './request-body.ts'

type Handle<Path extends string> = (context: Context<ApiEnv, Path>, url: URL) => Response | Promise<Response>

/**
 * The read API's addresses: one is served as it is declared, and is in the description because it
 * is served.
 */
export class Router {
  readonly app: Hono<ApiEnv> = new Hono()
  readonly #verifier: Verifier
  readonly #endpoints: Endpoint[] = []

  constructor(verifier: Verifier) {
    this.#verifier = verifier
  }

  get endpoints(): readonly Endpoint[] {
    return this.#endpoints
  }

  /** @param handle gets the address of a request whose parameters are all declared */
  add<Path extends string>(endpoint: Endpoint<Path>, handle: Handle<Path>): void {
    const names = endpoint.parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name)
    this.#endpoints.push(endpoint)
    this.app.on(endpoint.method, endpoint.path, async (context) => {
      if (endpoint.isPublic !== true) context.set('identity', await identify(context.req.raw, this.#verifier))
      context.set('body', await takeBody(context.req.raw))
      return await handle(context as Context<ApiEnv, Path>, knownUrl(context.req, names))
    })
  }
}
