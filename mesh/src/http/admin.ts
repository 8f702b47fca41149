import { WeirError } from '@weir/proto'
import type { Health } from '../run/health.ts'
import type { Metrics, MetricsPage } from '../run/metrics.ts'
import { problem } from './problem.ts'

/**
 * What every admin port answers: /healthz (the process lives, whatever it depends on does), /readyz
 * (503 until every part is fit) and /metrics. Anything else is 404, so a service asks its own
 * routes first; `ownPaths` are theirs, which the 404 names too.
 */
export function adminHandler(
  service: { readonly health: Health; readonly metrics: Metrics },
  ownPaths: readonly string[] = [],
): (request: Request) => Promise<Response> {
  return async ({ url, method, headers }) => {
    const { pathname } = new URL(url)
    const page = pages[pathname]
    if (page === undefined) {
      const there = [...Object.keys(pages), ...ownPaths].join(', ')
      return problem(new WeirError('not_found', `There is nothing at this address: the admin port has ${there}.`))
    }
    if (method === 'GET' || method === 'HEAD') return page(service, headers)
    const error = new WeirError('method_not_allowed', `${pathname} can only be read.`)
    return problem(error, { headers: { allow: 'GET, HEAD' } })
  }
}

/** What is sent depends on what was asked for, so caches in between keep both apart. */
export function metricsResponse({ text, contentType }: MetricsPage): Response {
  return new Response(text, { headers: { 'content-type': contentType, vary: 'accept' } })
}

type Page = (
  service: { readonly health: Health; readonly metrics: Metrics },
  headers: Headers,
) => Response | Promise<Response>

const pages: Readonly<Record<string, Page>> = {
  '/healthz': () => new Response('ok\n'),
  '/readyz'({ health }) {
    const report = health.report()
    return Response.json(report, { status: report.ready ? 200 : 503 })
  },
  async '/metrics'({ metrics }, headers) {
    return metricsResponse(await metrics.page(headers.get('accept')))
  },
}
