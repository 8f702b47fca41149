import { flagOf, mayPublish, type Parameter } from '@weir/mesh'
import {
  Alert_Severity,
  Alert_SeveritySchema,
  Alert_Status,
  Alert_StatusSchema,
  checkSubject,
  enumSchema,
  filtersOverlap,
  formatTimestamp,
  objectSchema,
  schemaReference,
  WeirError,
} from '@weir/proto'
import type { Context } from 'hono'
import type { BucketReader } from '../bucket/bucket-reader.ts'
import type { ApiEnv } from '../http/api-env.ts'
import { arrayOf, type Endpoint, jsonAnswer, type Schemas } from '../http/endpoint.ts'
import type { FairShare } from '../http/fair-share.ts'
import { afterParameter, filterParameter, grantedFilters, limitOf, limitParameter } from '../http/query.ts'
import type { Router } from '../http/router.ts'
import type { AlertLog, AlertReason, RecordedAlert } from '../kinds/alert/alert-log.ts'
import { changeAlert, listAlerts } from '../kinds/alert/alerts.ts'
import type { Quiet } from '../silence/quiet.ts'

const time = { type: 'string', format: 'date-time' }

export const alertSchemas: Schemas = {
  AlertItem: objectSchema(
    {
      id: { type: 'string', description: '`<rule>.<key>`' },
      subject: { type: 'string', description: 'Of its events.' },
      rule: { type: 'string' },
      key: { type: 'string' },
      severity: enumSchema(Alert_SeveritySchema, { form: 'written' }),
      status: enumSchema(Alert_StatusSchema, { form: 'written' }),
      message: { type: 'string' },
      by: { type: 'string', description: 'Who acknowledged or resolved it; empty for the rule itself.' },
    },
    {
      since: { ...time, description: 'When it began to fire.' },
      time: { ...time, description: 'When it became what it is; in lists.' },
      reason: {
        type: 'string',
        enum: ['no data', 'rule removed', 'rule changed', 'keys divided anew'] satisfies AlertReason[],
        description: 'Why it changed that its condition did not; in lists.',
      },
      labels: {
        type: 'object',
        additionalProperties: { type: 'string' },
        description: 'Those that its rule gives it.',
      },
      silenced: {
        ...objectSchema({
          name: { type: 'string' },
          until: time,
          by: { type: 'string' },
          comment: { type: 'string' },
        }),
        description: 'The silence that quiets it now; in lists.',
      },
      inhibitedBy: { type: 'string', description: 'The open alert that quiets it, `<rule>.<key>`; in lists.' },
      seq: { type: 'integer', description: 'Its revision in the bucket `alerts`; in lists.' },
      ageMs: { type: 'integer', description: 'In lists.' },
    },
  ),
}

const statuses = ['FIRING', 'ACKED', 'RESOLVED']
const openStatuses = ['FIRING', 'ACKED']

const listOfAlerts: Endpoint<'/v1/alerts'> = {
  method: 'GET',
  path: '/v1/alerts',
  summary: 'Alerts; those that are open unless something else is asked for',
  parameters: [
    filterParameter,
    {
      name: 'status',
      in: 'query',
      description: 'Repeated or comma-separated.',
      schema: { type: 'array', items: { type: 'string', enum: statuses }, default: openStatuses },
    },
    {
      name: 'silenced',
      in: 'query',
      description: 'Only alerts that a silence quiets now, or only those that none does.',
      schema: { type: 'boolean' },
    },
    {
      name: 'inhibited',
      in: 'query',
      description: 'Only alerts that another open alert quiets now, or only those that none does.',
      schema: { type: 'boolean' },
    },
    limitParameter,
    afterParameter,
  ],
  answers: {
    200: jsonAnswer(
      'A page',
      objectSchema(
        { cursor: schemaReference('Cursor'), items: arrayOf('AlertItem') },
        { next: { type: 'string', description: 'Absent on the last page.' } },
      ),
    ),
  },
  refusals: ['not_found'],
}

const changeOfAlert = {
  method: 'POST',
  parameters: [
    {
      name: 'id',
      in: 'path',
      required: true,
      description: '`<rule>.<key>`',
      schema: { type: 'string', examples: ['hot.r17'] },
    },
  ] satisfies Parameter[],
  answers: { 200: jsonAnswer('The alert as it is now', schemaReference('AlertItem')) },
  refusals: ['not_found', 'conflict'],
} as const

const acknowledge: Endpoint<'/v1/alerts/:id/ack'> = {
  ...changeOfAlert,
  path: '/v1/alerts/:id/ack',
  summary: 'Acknowledge an alert',
  description: "Takes a grant to publish to the alert's subject. What is acknowledged already stays so.",
}

const resolve: Endpoint<'/v1/alerts/:id/resolve'> = {
  ...changeOfAlert,
  path: '/v1/alerts/:id/resolve',
  summary: 'Resolve an alert; it does not fire again before its cause was gone',
  description: "Takes a grant to publish to the alert's subject. What is resolved already stays so.",
}

export interface AlertRouteOptions {
  readonly buckets: BucketReader
  readonly alertsOf: (tenant: string) => AlertLog
  readonly quietOf: (tenant: string) => Quiet
  readonly listings: FairShare
}

/**
 * The alerts: what fires, and what people do about it. A change is an event, so it takes a grant to
 * publish that event.
 */
export function alertRoutes(router: Router, { buckets, alertsOf, quietOf, listings }: AlertRouteOptions): void {
  router.add(listOfAlerts, async (context, url) => {
    const identity = context.get('identity')
    const request = {
      filters: grantedFilters(url, identity).filter((filter) => filtersOverlap(filter, 'alerts.>')),
      statuses: statusesOf(url),
      silenced: choiceOf(url, 'silenced'),
      inhibited: choiceOf(url, 'inhibited'),
      limit: limitOf(url),
      after: url.searchParams.get('after') ?? undefined,
    }
    const quiet = quietOf(identity.tenant)
    const page = await listings.use(identity, () => listAlerts(buckets, identity.tenant, request, quiet))
    return context.json(page, 200, { 'cache-control': 'private, no-cache' })
  })

  const change = async (
    context: Context<ApiEnv, '/v1/alerts/:id/*'>,
    status: Alert_Status.ACKED | Alert_Status.RESOLVED,
  ): Promise<Response> => {
    const subject = `alerts.${context.req.param('id')}`
    checkSubject(subject)
    const identity = context.get('identity')
    if (!mayPublish(identity, subject)) {
      throw new WeirError('forbidden', `Changing this alert takes a grant to publish to "${subject}".`)
    }
    return context.json(
      alertJson(subject, await changeAlert(alertsOf(identity.tenant), subject, status, identity.subject)),
    )
  }
  router.add(acknowledge, (context) => change(context, Alert_Status.ACKED))
  router.add(resolve, (context) => change(context, Alert_Status.RESOLVED))
}

/** Open alerts unless something else is asked for. */
function statusesOf(url: URL): readonly string[] {
  const asked = url.searchParams.getAll('status').flatMap((value) => value.split(','))
  for (const status of asked) {
    if (!statuses.includes(status))
      throw new WeirError('malformed', `status: one of ${statuses.join(', ')} is expected.`)
  }
  return asked.length === 0 ? openStatuses : asked
}

function choiceOf({ searchParams }: URL, name: 'silenced' | 'inhibited'): boolean | undefined {
  return searchParams.has(name) ? flagOf(searchParams, name) : undefined
}

function alertJson(subject: string, { alert, labels }: RecordedAlert): Record<string, unknown> {
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
    labels,
    ...(sinceText === undefined ? {} : { since: sinceText }),
  }
}
