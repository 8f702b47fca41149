import type { Identity } from '@weir/mesh'
import { formatCursor, WeirError } from '@weir/proto'
import type { Hono } from 'hono'
import type { ApiEnv } from '../http/api-env.ts'
import { exportFormats, exportStream } from '../http/history-export.ts'
import { grantedFilters, limitOf, metricsOf, stepOf, timeOf } from '../http/query.ts'
import type { History } from '../kinds/history/history.ts'

/** What happened, by event time: pages of events, readings in steps, or everything as one stream. */
export function historyRoutes(api: Hono<ApiEnv>, history: History): void {
  api.get('/v1/history', async (context) => {
    const url = new URL(context.req.url)
    const asked = rangeOf(url, context.get('identity'))
    const stepMs = stepOf(url)
    if (stepMs !== undefined) {
      const { fromMs, toMs = Date.now() } = asked
      if (fromMs === undefined) throw new WeirError('malformed', 'from: a series needs a begin.')
      const { series, cursor } = await history.series({ ...asked, fromMs, toMs, stepMs, metrics: metricsOf(url) })
      return context.json({ items: [], series, cursor: formatCursor(cursor) }, 200, freshEachTime)
    }
    const next = url.searchParams.get('cursor') ?? undefined
    const { page, cursor } = await history.query({ ...asked, limit: limitOf(url), next })
    return context.json({ ...page, cursor: formatCursor(cursor) }, 200, freshEachTime)
  })

  api.get('/v1/history/export', async (context) => {
    const url = new URL(context.req.url)
    const name = url.searchParams.get('format') ?? 'ndjson'
    if (name !== 'ndjson' && name !== 'csv') throw new WeirError('malformed', 'format: ndjson or csv is expected.')
    const format = exportFormats[name]
    const { cursor, pages } = await history.export(rangeOf(url, context.get('identity')))
    return context.body(exportStream(format, pages), 200, {
      ...freshEachTime,
      'content-type': format.contentType,
      'content-disposition': `attachment; filename="weir-history.${name}"`,
      'weir-cursor': formatCursor(cursor),
    })
  })
}

interface Range {
  readonly tenant: string
  readonly filters: readonly string[]
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
}

function rangeOf(url: URL, identity: Identity): Range {
  return {
    tenant: identity.tenant,
    filters: grantedFilters(url, identity),
    fromMs: timeOf(url, 'from'),
    toMs: timeOf(url, 'to'),
  }
}

/** What depends on the token and on the moment must not be kept by a cache without asking. */
const freshEachTime = { 'cache-control': 'private, no-cache' }
