import { type Identity, mayPublish, type Parameter } from '@weir/mesh'
import { checkSubject, filterMatches, limits, objectSchema, readSilence, silenceSubject, WeirError } from '@weir/proto'
import { arrayOf, type Endpoint, jsonAnswer, type Schemas } from '../http/endpoint.ts'
import { filterParameter, grantedFilters } from '../http/query.ts'
import type { Router } from '../http/router.ts'
import type { SilenceBook } from '../silence/silence-book.ts'
import { silenceItem } from '../silence/silence-item.ts'
import type { SilenceLog } from '../silence/silence-log.ts'

const texts = { type: 'array', items: { type: 'string' } }
const oneOrMore = { anyOf: [{ type: 'string' }, texts] }
const time = { type: 'string', format: 'date-time' }

export const silenceSchemas: Schemas = {
  Silence: objectSchema({
    name: { type: 'string' },
    subject: { type: 'string', description: 'Of its events.' },
    state: { type: 'string', enum: ['pending', 'active', 'expired'] },
    match: objectSchema(
      {},
      {
        rule: texts,
        filter: texts,
        severity: texts,
        labels: { type: 'object', additionalProperties: texts },
      },
    ),
    from: time,
    until: time,
    by: { type: 'string', description: 'Who silenced.' },
    comment: { type: 'string' },
  }),
}

const nameParameter: Parameter = {
  name: 'name',
  in: 'path',
  required: true,
  schema: { type: 'string', examples: ['oven-cleaning'] },
}

const listSilences: Endpoint<'/v1/silences'> = {
  method: 'GET',
  path: '/v1/silences',
  summary: 'Silences and maintenance times that are in force or still to come',
  parameters: [filterParameter],
  answers: { 200: jsonAnswer('All of them', objectSchema({ items: arrayOf('Silence') })) },
  refusals: [],
}

const putSilence: Endpoint<'/v1/silences/:name'> = {
  method: 'PUT',
  path: '/v1/silences/:name',
  summary: 'Silence alerts, or change a silence; takes a grant to publish `silences.<name>`',
  parameters: [nameParameter],
  body: objectSchema(
    {
      match: objectSchema(
        {},
        {
          rule: oneOrMore,
          filter: oneOrMore,
          severity: oneOrMore,
          labels: { type: 'object', additionalProperties: oneOrMore },
        },
      ),
    },
    {
      from: { ...time, description: 'Now, when absent.' },
      until: { ...time, description: 'This or `for`.' },
      for: { type: 'string', description: 'How long from `from` on.', examples: ['2h'] },
      comment: { type: 'string' },
    },
  ),
  answers: { 200: jsonAnswer('It is stored', { $ref: '#/components/schemas/Silence' }) },
  refusals: ['invalid'],
}

const endSilence: Endpoint<'/v1/silences/:name'> = {
  method: 'DELETE',
  path: '/v1/silences/:name',
  summary: 'End a silence early; takes a grant to publish `silences.<name>`',
  parameters: [nameParameter],
  answers: { 204: { description: 'It is over' } },
  refusals: ['not_found'],
}

export interface SilenceRouteOptions {
  readonly silencesOf: (tenant: string) => SilenceBook
  readonly silenceLogOf: (tenant: string) => SilenceLog
}

/** Silences: a change is an event, so it takes a grant to publish that event. */
export function silenceRoutes(router: Router, { silencesOf, silenceLogOf }: SilenceRouteOptions): void {
  router.add(listSilences, (context, url) => {
    const identity = context.get('identity')
    const filters = grantedFilters(url, identity)
    const nowMs = Date.now()
    const items = silencesOf(identity.tenant)
      .current(nowMs)
      .map((silence) => silenceItem(silence, nowMs))
      .filter(({ subject }) => filters.some((filter) => filterMatches(filter, subject)))
      .sort((a, b) => (a.until === b.until ? Number(a.name > b.name) || -1 : a.until < b.until ? -1 : 1))
    return context.json({ items }, 200, { 'cache-control': 'private, no-cache' })
  })

  router.add(putSilence, async (context) => {
    const identity = context.get('identity')
    const name = silenceable(identity, context.req.param('name'))
    const nowMs = Date.now()
    const data = { ...declared(context.get('body')), by: identity.subject.slice(0, limits.silenceByMax) }
    const silence = readSilence(name, data, nowMs)
    await silenceLogOf(identity.tenant).put(name, data, nowMs)
    return context.json(silenceItem(silence, nowMs))
  })

  router.add(endSilence, async (context) => {
    const identity = context.get('identity')
    const name = silenceable(identity, context.req.param('name'))
    const silence = silencesOf(identity.tenant).get(name)
    if (silence === undefined) throw new WeirError('not_found', `There is no silence "${name}" in force.`)
    const { match, from, until, comment } = silenceItem(silence, Date.now())
    const by = identity.subject.slice(0, limits.silenceByMax)
    await silenceLogOf(identity.tenant).put(name, { match, from, until, comment, by, ended: true }, Date.now())
    return context.body(null, 204)
  })
}

/** The name, for who may silence by it. Throws `malformed` or `forbidden`. */
function silenceable(identity: Identity, name: string): string {
  const subject = silenceSubject(name)
  checkSubject(subject)
  if (mayPublish(identity, subject)) return name
  throw new WeirError('forbidden', `This silence takes a grant to publish to "${subject}".`)
}

function declared(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // As below.
  }
  throw new WeirError('malformed', 'A silence is a JSON object, such as {"match": {"rule": "too-hot"}, "for": "2h"}.')
}
