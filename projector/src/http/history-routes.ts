import { formatCursor } from '@weir/proto'
import type { Hono } from 'hono'
import type { History } from '../history.ts'
import type { ApiEnv } from './api.ts'
import { grantedFilters, limitOf, timeOf } from './query.ts'

/** What happened: pages of events by event time, and the cursor at which live continues. */
export function historyRoutes(api: Hono<ApiEnv>, history: History): void {
  api.get('/v1/history', async (context) => {
    const url = new URL(context.req.url)
    const identity = context.get('identity')
    const { page, cursor } = await history.query({
      tenant: identity.tenant,
      filters: grantedFilters(url, identity),
      fromMs: timeOf(url, 'from'),
      toMs: timeOf(url, 'to'),
      limit: limitOf(url),
      next: url.searchParams.get('cursor') ?? undefined,
    })
    return context.json({ ...page, cursor: formatCursor(cursor) }, 200, { 'cache-control': 'private, no-cache' })
  })
}
