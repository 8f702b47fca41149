import type { Parameter } from '@weir/mesh'
import { objectSchema, schemaReference, WeirError } from '@weir/proto'
import { arrayOf, type Endpoint, jsonAnswer, type Schemas } from '../http/endpoint.ts'
import { afterParameter, limitOf, limitParameter } from '../http/query.ts'
import type { Router } from '../http/router.ts'
import type { TenantProjections } from '../tenant/tenant-projections.ts'
import { administered, named } from './projection-routes.ts'

const text = { type: 'string' }
const whole = { type: 'integer' }

const time = { type: 'string', format: 'date-time' }
const letter = {
  id: whole,
  projection: text,
  subject: text,
  seq: { ...whole, description: 'The sequence in the events.' },
  stored: { ...time, description: 'When the event was stored.' },
  putAside: { ...time, description: 'When a projection could not take it.' },
  code: text,
  reason: text,
  bytes: whole,
}
const event = { event: { ...schemaReference('Event'), description: 'Absent when the bytes are no event.' } }

export const deadLetterSchemas: Schemas = {
  DeadLetter: objectSchema(letter, event),
  OpenDeadLetter: objectSchema(
    { ...letter, payload: { ...text, format: 'byte', description: 'The event as it is stored, in base64.' } },
    event,
  ),
}

const letterParameter: Parameter = { name: 'id', in: 'path', required: true, schema: whole }

const listLetters: Endpoint<'/v1/dead-letters'> = {
  method: 'GET',
  path: '/v1/dead-letters',
  summary: 'Events that could not be projected; for administrators',
  parameters: [limitParameter, { ...afterParameter, schema: whole }],
  answers: {
    200: jsonAnswer(
      'A page',
      objectSchema({ items: arrayOf('DeadLetter') }, { next: { ...whole, description: 'Absent on the last page.' } }),
    ),
  },
  refusals: ['not_found'],
}

const getLetter: Endpoint<'/v1/dead-letters/:id'> = {
  method: 'GET',
  path: '/v1/dead-letters/:id',
  summary: 'A dead letter with its bytes; for administrators',
  parameters: [letterParameter],
  answers: { 200: jsonAnswer('The letter', schemaReference('OpenDeadLetter')) },
  refusals: ['not_found'],
}

const replayLetter: Endpoint<'/v1/dead-letters/:id/replay'> = {
  method: 'POST',
  path: '/v1/dead-letters/:id/replay',
  summary: 'Try to project an event again, and forget the letter if that succeeds; for administrators',
  parameters: [letterParameter],
  answers: { 204: { description: 'It is projected' } },
  refusals: ['not_found', 'invalid'],
}

const forgetLetter: Endpoint<'/v1/dead-letters/:id'> = {
  method: 'DELETE',
  path: '/v1/dead-letters/:id',
  summary: 'Forget a dead letter; for administrators',
  parameters: [letterParameter],
  answers: { 204: { description: 'It is gone, or was' } },
  refusals: ['not_found'],
}

/** For operators, by tokens of an administrator: events that could not be projected. */
export function deadLetterRoutes(router: Router, tenants: readonly TenantProjections[]): void {
  router.add(listLetters, async (context, url) => {
    const after = wholeNumber(url.searchParams.get('after') ?? '0', 'after')
    return context.json(await administered(tenants, context.get('identity')).deadLetters.list(after, limitOf(url)))
  })

  router.add(getLetter, async (context) => {
    const { deadLetters } = administered(tenants, context.get('identity'))
    return context.json(await deadLetters.read(wholeNumber(context.req.param('id'), 'id')), 200, {
      'cache-control': 'private, no-cache',
    })
  })

  router.add(replayLetter, async (context) => {
    const tenant = administered(tenants, context.get('identity'))
    const id = wholeNumber(context.req.param('id'), 'id')
    const { projection, record } = await tenant.deadLetters.open(id)
    await named(tenant, projection).run.takeAgain(record)
    await tenant.deadLetters.remove(id)
    return context.body(null, 204)
  })

  router.add(forgetLetter, async (context) => {
    const { deadLetters } = administered(tenants, context.get('identity'))
    await deadLetters.remove(wholeNumber(context.req.param('id'), 'id'))
    return context.body(null, 204)
  })
}

function wholeNumber(text: string, name: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new WeirError('malformed', `${name}: a whole number is expected.`)
  return Number(text)
}
