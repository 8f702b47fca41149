import { objectSchema } from '@weir/proto'
import { type Endpoint, jsonAnswer } from '../http/endpoint.ts'
import type { Router } from '../http/router.ts'

export interface DiscoveryOptions {
  readonly publicHubUrl: string | undefined
  readonly hubPort: number
}

const getConfig: Endpoint<'/v1/config'> = {
  method: 'GET',
  path: '/v1/config',
  summary: 'What a page must know before it has a token',
  isPublic: true,
  parameters: [],
  answers: {
    200: jsonAnswer(
      'The address of the hub, maybe relative to that of the page',
      objectSchema({ hubUrl: { type: 'string', examples: ['wss://hub.example.com'] } }),
    ),
  },
  refusals: [],
}

/**
 * What a page must know before it has a token: where the hub is. Unless that is configured, it is
 * the host by which the page was asked for, at the hub's port.
 */
export function configRoute(router: Router, { publicHubUrl, hubPort }: DiscoveryOptions): void {
  router.add(getConfig, (context, url) => {
    const scheme = url.protocol === 'https:' || context.req.header('x-forwarded-proto') === 'https' ? 'wss' : 'ws'
    const hubUrl = publicHubUrl ?? `${scheme}://${url.hostname}:${hubPort}`
    return context.json({ hubUrl }, 200, { 'cache-control': 'no-cache' })
  })
}
