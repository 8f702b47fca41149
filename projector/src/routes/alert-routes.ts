import { mayPublish } from '@weir/mesh'
import { Alert_Severity, Alert_Status, checkSubject, filtersOverlap, formatTimestamp, WeirError } from '@weir/proto'
import type { Context, Hono } from 'hono'
import type { BucketReader } from '../bucket/bucket-reader.ts'
import type { ApiEnv } from '../http/api-env.ts'
import { knownUrl } from '../http/parameters.ts'
import { grantedFilters, limitOf } from '../http/query.ts'
import type { AlertLog, RecordedAlert } from '../kinds/alert/alert-log.ts'
import { changeAlert, listAlerts } from '../kinds/alert/alerts.ts'

/** The alerts: what fires, and what people do about it. A change is an event, so it takes a grant to publish that event. */
export function alertRoutes(api: Hono<ApiEnv>, buckets: BucketReader, logOf: (tenant: string) => AlertLog): void {
  api.get('/v1/alerts', async (context) => {
    const url = knownUrl(context.req, ['filter', 'status', 'limit', 'after'])
    const identity = context.get('identity')
    const page = await listAlerts(buckets, identity.tenant, {
      filters: grantedFilters(url, identity).filter((filter) => filtersOverlap(filter, 'alerts.>')),
      statuses: statusesOf(url),
      limit: limitOf(url),
      after: url.searchParams.get('after') ?? undefined,
    })
    return context.json(page, 200, { 'cache-control': 'private, no-cache' })
  })

  const change = async (
    context: Context<ApiEnv, '/v1/alerts/:id/*'>,
    status: Alert_Status.ACKED | Alert_Status.RESOLVED,
  ): Promise<Response> => {
    knownUrl(context.req, [])
    const subject = `alerts.${context.req.param('id')}`
    checkSubject(subject)
    const identity = context.get('identity')
    if (!mayPublish(identity, subject)) {
      throw new WeirError('forbidden', `Changing this alert takes a grant to publish to "${subject}".`)
    }
    return context.json(
      alertJson(subject, await changeAlert(logOf(identity.tenant), subject, status, identity.subject)),
    )
  }
  api.post('/v1/alerts/:id/ack', (context) => change(context, Alert_Status.ACKED))
  api.post('/v1/alerts/:id/resolve', (context) => change(context, Alert_Status.RESOLVED))
}

/** Open alerts unless something else is asked for. */
function statusesOf(url: URL): readonly string[] {
  const asked = url.searchParams.getAll('status').flatMap((value) => value.split(','))
  const known = ['FIRING', 'ACKED', 'RESOLVED']
  for (const status of asked) {
    if (!known.includes(status)) throw new WeirError('malformed', `status: one of ${known.join(', ')} is expected.`)
  }
  return asked.length === 0 ? ['FIRING', 'ACKED'] : asked
}

function alertJson(subject: string, { alert }: RecordedAlert): Record<string, string> {
  const { rule, key, severity, status, message, since, by } = alert
  const sinceText = since === undefined ? undefined : formatTimestamp(since)
  return {
    id: subject.slice('alerts.'.length),
    subject,
    rule,
    key,
    severity: Alert_Severity[severity] ?? String(severity),
    status: Alert_Status[status] ?? String(status),
    message,
    by,
    ...(sinceText === undefined ? {} : { since: sinceText }),
  }
}
