import type { MiddlewareHandler } from 'hono'

/**
 * Lets pages of the listed origins read the answers (CORS of the Fetch standard). Tokens travel in a header, never in a
 * cookie, so no credentials are allowed and `*` is no risk to who is logged in elsewhere.
 */
export function allowOrigins(origins: readonly string[]): MiddlewareHandler {
  const any = origins.includes('*')
  return async (context, next) => {
    const origin = context.req.header('origin')
    if (origin === undefined || !(any || origins.includes(origin))) return await next()
    context.header('access-control-allow-origin', any ? '*' : origin)
    if (!any) context.header('vary', 'Origin')
    if (context.req.method === 'OPTIONS' && context.req.header('access-control-request-method') !== undefined) {
      return context.body(null, 204, {
        'access-control-allow-methods': 'GET, POST, PUT, DELETE',
        'access-control-allow-headers': 'authorization, content-type, if-none-match',
        'access-control-max-age': '7200',
      })
    }
    context.header('access-control-expose-headers', 'etag, retry-after, weir-cursor')
    return await next()
  }
}
