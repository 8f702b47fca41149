import type { Identity } from '@weir/mesh'
import { objectSchema, schemaReference, WeirError } from '@weir/proto'
import { arrayOf, type Endpoint, jsonAnswer } from '../http/endpoint.ts'
import type { Router } from '../http/router.ts'
import type { RunningProjection } from '../tenant/running-projection.ts'
import type { TenantProjections } from '../tenant/tenant-projections.ts'
import { projectionStatus } from './projection-status.ts'

const listProjections: Endpoint<'/v1/projections'> = {
  method: 'GET',
  path: '/v1/projections',
  summary: 'How projections stand on this replica; for administrators',
  parameters: [],
  answers: { 200: jsonAnswer('All projections of the tenant', objectSchema({ items: arrayOf('Projection') })) },
  refusals: ['not_found'],
}

const getProjection: Endpoint<'/v1/projections/:name'> = {
  method: 'GET',
  path: '/v1/projections/:name',
  summary: 'How one projection stands on this replica; for administrators',
  parameters: [],
  answers: { 200: jsonAnswer('The projection', schemaReference('Projection')) },
  refusals: ['not_found'],
}

const rebuild: Endpoint<'/v1/projections/:name/rebuild'> = {
  method: 'POST',
  path: '/v1/projections/:name/rebuild',
  summary: 'Fill the target of a projection anew from the stored events; for administrators',
  description:
    'A bucket keeps what it has until all events were read again; then what differs is written. A history gets the rows that it lacks. `rebuilding` of the projection shows how far it is; with several replicas each rebuilds its share.',
  parameters: [],
  answers: { 202: jsonAnswer('It has begun', schemaReference('Projection')) },
  refusals: ['not_found'],
}

const listUnowned: Endpoint<'/v1/unowned'> = {
  method: 'GET',
  path: '/v1/unowned',
  summary: 'What is stored and belongs to no projection of the file any more; for administrators',
  parameters: [],
  answers: {
    200: jsonAnswer(
      'Buckets, projections that have a position, and open alerts',
      objectSchema({
        buckets: arrayOf('UnownedBucket'),
        positions: { type: 'array', items: { type: 'string' } },
        alerts: { type: 'array', items: { type: 'string' }, description: '`<rule>.<key>`' },
      }),
    ),
  },
  refusals: ['not_found'],
}

const listStreams: Endpoint<'/v1/streams'> = {
  method: 'GET',
  path: '/v1/streams',
  summary: 'What is stored in NATS: events, buckets, dead letters, and what bounds each; for administrators',
  parameters: [],
  answers: { 200: jsonAnswer('All streams of the tenant', objectSchema({ items: arrayOf('StoredStream') })) },
  refusals: ['not_found'],
}

/**
 * For operators, by tokens of an administrator: how projections stand, rebuilds, what is left over.
 */
export function projectionRoutes(router: Router, tenants: readonly TenantProjections[]): void {
  router.add(listProjections, (context) => {
    const items = administered(tenants, context.get('identity')).runs.map(projectionStatus)
    return context.json({ items }, 200, { 'cache-control': 'private, no-cache' })
  })

  router.add(getProjection, (context) => {
    return context.json(
      projectionStatus(named(administered(tenants, context.get('identity')), context.req.param('name'))),
    )
  })

  router.add(rebuild, (context) => {
    const running = named(administered(tenants, context.get('identity')), context.req.param('name'))
    running.run.rebuild()
    return context.json(projectionStatus(running), 202)
  })

  router.add(listStreams, async (context) => {
    const items = await administered(tenants, context.get('identity')).streams()
    return context.json({ items }, 200, { 'cache-control': 'private, no-cache' })
  })

  router.add(listUnowned, async (context) => {
    return context.json(await administered(tenants, context.get('identity')).unowned(), 200, {
      'cache-control': 'private, no-cache',
    })
  })
}

/** The tenant of an administrator. Throws `forbidden` or `not_found`. */
export function administered(tenants: readonly TenantProjections[], identity: Identity): TenantProjections {
  if (!identity.admin) throw new WeirError('forbidden', "This takes an administrator's token (`admin`).")
  return servedTenant(tenants, identity.tenant)
}

/** Throws `not_found`. */
export function servedTenant(tenants: readonly TenantProjections[], name: string): TenantProjections {
  const found = tenants.find(({ tenant }) => tenant === name)
  if (found === undefined)
    throw new WeirError('not_found', `The tenant "${name}" is not served here: WEIR_TENANTS names those that are.`)
  return found
}

export function named({ runs }: TenantProjections, name: string): RunningProjection {
  const found = runs.find(({ spec }) => spec.name === name)
  if (found === undefined) throw new WeirError('not_found', `There is no projection "${name}".`)
  return found
}
