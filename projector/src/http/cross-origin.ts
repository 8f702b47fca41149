import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'

/**
 * Lets pages of the listed origins read the answers (CORS of the Fetch standard). Tokens travel in
 * a header, never in a cookie, so no credentials are allowed and `*` is no risk to who is logged in
 * elsewhere.
 */
export function allowOrigins(origins: readonly string[]): MiddlewareHandler {
  return cors({
    origin: origins.includes('*') ? '*' : [...origins],
    allowMethods: ['GET', 'POST', 'PUT', 'DELETE'],
    allowHeaders: ['authorization', 'content-type', 'if-none-match'],
    exposeHeaders: ['etag', 'retry-after', 'weir-cursor'],
    maxAge: 7_200,
  })
}
