import type { Identity, Parameter } from '@weir/mesh'
import { formatCursor, type JsonSchema, objectSchema, schemaReference, WeirError } from '@weir/proto'
import { arrayOf, type Endpoint, jsonAnswer, type Schemas } from '../http/endpoint.ts'
import { historyItemText, pageText } from '../http/event-text.ts'
import type { FairShare } from '../http/fair-share.ts'
import { exportFormats, exportStream } from '../http/history-export.ts'
import { knownUrl } from '../http/parameters.ts'
import {
  filterParameter,
  fromParameter,
  grantedFilters,
  limitOf,
  limitParameter,
  metricParameter,
  metricsOf,
  orderOf,
  orderParameter,
  stepOf,
  stepParameter,
  timeOf,
  timeZoneOf,
  timeZoneParameter,
  toParameter,
} from '../http/query.ts'
import type { Router } from '../http/router.ts'
import { type History, liveCursor } from '../kinds/history/history.ts'
import { limits } from '../limits.ts'

export const historySchemas: Schemas = {
  HistoryItem: objectSchema({
    subject: { type: 'string' },
    seq: { type: 'integer', description: 'The sequence in the events.' },
    event: schemaReference('Event'),
  }),
  Series: {
    ...objectSchema(
      {
        subject: { type: 'string' },
        metric: { type: 'string' },
        times: { ...column('integer'), description: 'Begin of each step, milliseconds since 1970.' },
        count: column('integer'),
        min: column('number'),
        max: column('number'),
        avg: column('number'),
        last: { ...column('number'), description: 'The value that was taken last.' },
      },
      { unit: { type: 'string' } },
    ),
    description: 'Columns of equal length; a step without values is left out.',
  },
}

function column(type: 'integer' | 'number'): JsonSchema {
  return { type: 'array', items: { type } }
}

const rangeParameters: readonly Parameter[] = [filterParameter, fromParameter, toParameter]
const pageParameters: readonly Parameter[] = [
  limitParameter,
  orderParameter,
  { name: 'cursor', in: 'query', description: '`next` of the page before.', schema: { type: 'string' } },
]
const seriesParameters: readonly Parameter[] = [stepParameter, timeZoneParameter, metricParameter]

const getHistory: Endpoint<'/v1/history'> = {
  method: 'GET',
  path: '/v1/history',
  summary: 'Stored events by the time at which they happened, or their numbers in steps',
  description:
    'All pages of one question show the same events, whatever is stored meanwhile. A subscription to `events` in mode ALL from `cursor` continues them without a gap and without a double. With `step` the answer has `series` in place of events: statistics of each metric of each subject, of readings and of numbers in JSON data; then there are no `limit`, `order` and `cursor`, and without it no `tz` and `metric`.',
  parameters: [...rangeParameters, ...pageParameters, ...seriesParameters],
  answers: {
    200: jsonAnswer(
      'A page of events, or series',
      objectSchema(
        { items: arrayOf('HistoryItem'), cursor: schemaReference('Cursor') },
        { next: { type: 'string', description: 'Absent on the last page.' }, series: arrayOf('Series') },
      ),
    ),
  },
  refusals: ['not_found', 'invalid'],
}

const exportHistory: Endpoint<'/v1/history/export'> = {
  method: 'GET',
  path: '/v1/history/export',
  summary: 'All stored events that match, as one stream',
  description:
    'The stream breaks off when something fails in the middle: a part is never taken for the whole. In CSV a text that a spreadsheet would run as a formula is preceded by an apostrophe; a number is none.',
  parameters: [
    ...rangeParameters,
    orderParameter,
    {
      name: 'format',
      in: 'query',
      schema: { type: 'string', enum: Object.keys(exportFormats), default: 'ndjson' },
    },
  ],
  answers: {
    200: {
      description: 'One item a line',
      headers: {
        'Weir-Cursor': { description: 'The `cursor` of a page.', schema: schemaReference('Cursor') },
      },
      content: {
        'application/x-ndjson': { schema: schemaReference('HistoryItem') },
        'text/csv': { schema: { type: 'string' } },
      },
    },
  },
  refusals: ['not_found'],
}

/**
 * What happened, by event time: pages of events, numbers in steps, or everything as one stream.
 *
 * @param readers the connections to Postgres, which all tenants share
 */
export function historyRoutes(router: Router, history: History, readers: FairShare): void {
  router.add(getHistory, async (context, url) => {
    const further = url.searchParams.has('step') ? seriesParameters : pageParameters
    knownUrl(
      context.req,
      [...rangeParameters, ...further].map(({ name }) => name),
    )
    const identity = context.get('identity')
    const asked = rangeOf(url, identity)
    const stepMs = stepOf(url)
    if (stepMs !== undefined) {
      const { fromMs, toMs = Date.now() } = asked
      if (fromMs === undefined) throw new WeirError('malformed', 'from: a series needs a begin.')
      const request = { ...asked, fromMs, toMs, stepMs, metrics: metricsOf(url), timeZone: timeZoneOf(url) }
      const { series, cursor } = await readers.use(identity, () => history.series(request))
      return context.json({ items: [], series, cursor: formatCursor(liveCursor(cursor)) }, 200, freshEachTime)
    }
    const next = url.searchParams.get('cursor') ?? undefined
    const request = { ...asked, order: orderOf(url), limit: limitOf(url), next }
    const { page, cursor } = await readers.use(identity, () => history.query(request))
    const fields = page.next === undefined ? {} : { next: page.next }
    const text = pageText({ cursor: formatCursor(liveCursor(cursor)), ...fields }, page.items.map(historyItemText))
    return context.body(text, 200, { ...freshEachTime, 'content-type': 'application/json' })
  })

  router.add(exportHistory, async (context, url) => {
    const name = url.searchParams.get('format') ?? 'ndjson'
    if (name !== 'ndjson' && name !== 'csv') throw new WeirError('malformed', 'format: ndjson or csv is expected.')
    const format = exportFormats[name]
    const identity = context.get('identity')
    const request = { ...rangeOf(url, identity), order: orderOf(url) }
    const { cursor, pages } = await readers.use(identity, () => history.export(request))
    // Each page takes its turn, so that a long export holds no reader between them.
    const inTurns = {
      next: () => readers.use(identity, () => pages.next(), limits.exportWaitMs),
      return: () => pages.return(undefined),
    }
    return context.body(exportStream(format, inTurns), 200, {
      ...freshEachTime,
      'content-type': format.contentType,
      'content-disposition': `attachment; filename="weir-history.${name}"`,
      'weir-cursor': formatCursor(liveCursor(cursor)),
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
  const filters = grantedFilters(url, identity)
  const fromMs = timeOf(url, fromParameter)
  const toMs = timeOf(url, toParameter)
  if (fromMs !== undefined && toMs !== undefined && fromMs > toMs) {
    throw new WeirError('malformed', 'from: a time that is not after `to` is expected.')
  }
  return { tenant: identity.tenant, filters, fromMs, toMs }
}

/** What depends on the token and on the moment must not be kept by a cache without asking. */
const freshEachTime = { 'cache-control': 'private, no-cache' }
