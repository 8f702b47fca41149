import { WeirError } from '@weir/proto'
import type { Health } from './health.ts'
import type { Metrics } from './metrics.ts'
import { problem } from './problem.ts'

/**
 * What every admin port answers: /healthz (the process lives; never depends on NATS), /readyz (503 until every part is
 * fit) and /metrics. Anything else is 404, so a service asks its own routes first.
 */
export function adminHandler(parts: {
  readonly health: Health
  readonly metrics: Metrics
}): (request: Request) => Promise<Response> {
  return async (request) => {
    switch (new URL(request.url).pathname) {
      case '/healthz':
        return new Response('ok\n')
      case '/readyz': {
        const report = parts.health.report()
        return Response.json(report, { status: report.ready ? 200 : 503 })
      }
      case '/metrics':
        return new Response(await parts.metrics.text(), { headers: { 'content-type': parts.metrics.contentType } })
      default:
        return problem(new WeirError('not_found', 'This admin port has /healthz, /readyz and /metrics.'))
    }
  }
}
