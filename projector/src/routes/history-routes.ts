import type { Identity } from '@weir/mesh'
import { formatCursor, WeirError } from '@weir/proto'
import type { Hono } from 'hono'
import type { ApiEnv } from '../http/api-env.ts'
import { historyItemText, pageText } from '../http/event-text.ts'
import { exportFormats, exportStream } from '../http/history-export.ts'
import { knownUrl } from '../http/parameters.ts'
import { grantedFilters, limitOf, metricsOf, orderOf, stepOf, timeOf, timeZoneOf } from '../http/query.ts'
import type { History } from '../kinds/history/history.ts'

/** What happened, by event time: pages of events, readings in steps, or everything as one stream. */
export function historyRoutes(api: Hono<ApiEnv>, history: History): void {
  api.get('/v1/history', async (context) => {
    const { searchParams } = new URL(context.req.url)
    const inSteps = searchParams.has('step')
    const url = knownUrl(context.req, [...rangeParameters, ...(inSteps ? seriesParameters : pageParameters)])
    const asked = rangeOf(url, context.get('identity'))
    const stepMs = stepOf(url)
    if (stepMs !== undefined) {
      const { fromMs, toMs = Date.now() } = asked
      if (fromMs === undefined) throw new WeirError('malformed', 'from: a series needs a begin.')
      const request = { ...asked, fromMs, toMs, stepMs, metrics: metricsOf(url), timeZone: timeZoneOf(url) }
      const { series, cursor } = await history.series(request)
      return context.json({ items: [], series, cursor: formatCursor(cursor) }, 200, freshEachTime)
    }
    const next = url.searchParams.get('cursor') ?? undefined
    const { page, cursor } = await history.query({ ...asked, order: orderOf(url), limit: limitOf(url), next })
    const fields = page.next === undefined ? {} : { next: page.next }
    const text = pageText({ cursor: formatCursor(cursor), ...fields }, page.items.map(historyItemText))
    return context.body(text, 200, { ...freshEachTime, 'content-type': 'application/json' })
  })

  api.get('/v1/history/export', async (context) => {
    const url = knownUrl(context.req, [...rangeParameters, 'order', 'format'])
    const name = url.searchParams.get('format') ?? 'ndjson'
    if (name !== 'ndjson' && name !== 'csv') throw new WeirError('malformed', 'format: ndjson or csv is expected.')
    const format = exportFormats[name]
    const { cursor, pages } = await history.export({ ...rangeOf(url, context.get('identity')), order: orderOf(url) })
    return context.body(exportStream(format, pages), 200, {
      ...freshEachTime,
      'content-type': format.contentType,
      'content-disposition': `attachment; filename="weir-history.${name}"`,
      'weir-cursor': formatCursor(cursor),
    })
  })
}

const rangeParameters: readonly string[] = ['filter', 'from', 'to']
const pageParameters: readonly string[] = ['limit', 'order', 'cursor']
const seriesParameters: readonly string[] = ['step', 'tz', 'metric']

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
