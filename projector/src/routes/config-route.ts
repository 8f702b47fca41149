import type { Hono } from 'hono'
import type { ApiEnv } from '../http/api-env.ts'
import { knownUrl } from '../http/parameters.ts'

export interface DiscoveryOptions {
  readonly publicHubUrl: string | undefined
  readonly hubPort: number
}

/**
 * What a page must know before it has a token: where the hub is. Unless that is configured, it is the host by which the page
 * was asked for, at the hub's port.
 */
export function configRoute(api: Hono<ApiEnv>, { publicHubUrl, hubPort }: DiscoveryOptions): void {
  api.get('/v1/config', (context) => {
    const url = knownUrl(context.req, [])
    const scheme = url.protocol === 'https:' || context.req.header('x-forwarded-proto') === 'https' ? 'wss' : 'ws'
    const hubUrl = publicHubUrl ?? `${scheme}://${url.hostname}:${hubPort}`
    return context.json({ hubUrl }, 200, { 'cache-control': 'no-cache' })
  })
}
