import type { Identity } from '@weir/mesh'
import { formatCursor, WeirError } from '@weir/proto'
import type { Hono } from 'hono'
import type { BucketFillingSpec } from '../declaration/projection-spec.ts'
import type { ApiEnv } from '../http/api-env.ts'
import { knownUrl } from '../http/parameters.ts'
import { limitOf } from '../http/query.ts'
import type { RunningProjection, TenantProjections } from '../tenant/tenant-projections.ts'

/** For operators, by tokens of an administrator: how projections stand, rebuilds, dead letters. */
export function projectionRoutes(api: Hono<ApiEnv>, tenants: readonly TenantProjections[]): void {
  const mine = (identity: Identity): TenantProjections => {
    if (!identity.admin) throw new WeirError('forbidden', "This takes an administrator's token (`admin`).")
    const found = tenants.find(({ tenant }) => tenant === identity.tenant)
    if (found === undefined) throw new WeirError('not_found', `The tenant "${identity.tenant}" is not served here.`)
    return found
  }
  const named = ({ runs }: TenantProjections, name: string): RunningProjection => {
    const found = runs.find(({ spec }) => spec.name === name)
    if (found === undefined) throw new WeirError('not_found', `There is no projection "${name}".`)
    return found
  }

  api.get('/v1/projections', (context) => {
    knownUrl(context.req, [])
    const items = mine(context.get('identity')).runs.map(projectionStatus)
    return context.json({ items }, 200, { 'cache-control': 'private, no-cache' })
  })

  api.get('/v1/projections/:name', (context) => {
    knownUrl(context.req, [])
    return context.json(projectionStatus(named(mine(context.get('identity')), context.req.param('name'))))
  })

  api.post('/v1/projections/:name/rebuild', (context) => {
    knownUrl(context.req, [])
    const running = named(mine(context.get('identity')), context.req.param('name'))
    running.run.rebuild()
    return context.json(projectionStatus(running), 202)
  })

  api.get('/v1/unowned', async (context) => {
    knownUrl(context.req, [])
    return context.json(await mine(context.get('identity')).unowned(), 200, { 'cache-control': 'private, no-cache' })
  })

  api.get('/v1/dead-letters', async (context) => {
    const url = knownUrl(context.req, ['limit', 'after'])
    const after = wholeNumber(url.searchParams.get('after') ?? '0', 'after')
    return context.json(await mine(context.get('identity')).deadLetters.list(after, limitOf(url)))
  })

  api.post('/v1/dead-letters/:id/replay', async (context) => {
    knownUrl(context.req, [])
    const tenant = mine(context.get('identity'))
    const id = wholeNumber(context.req.param('id'), 'id')
    const { projection, record } = await tenant.deadLetters.open(id)
    await named(tenant, projection).run.takeAgain(record)
    await tenant.deadLetters.remove(id)
    return context.body(null, 204)
  })

  api.delete('/v1/dead-letters/:id', async (context) => {
    knownUrl(context.req, [])
    const { deadLetters } = mine(context.get('identity'))
    await deadLetters.remove(wholeNumber(context.req.param('id'), 'id'))
    return context.body(null, 204)
  })
}

function wholeNumber(text: string, name: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new WeirError('malformed', `${name}: a whole number is expected.`)
  return Number(text)
}

/** How a projection stands, on this replica. */
export interface ProjectionStatus {
  readonly name: string
  readonly kind: string
  readonly from: readonly string[]
  readonly bucket?: string
  /** Which keys of the bucket events of each of its filters can write: who may publish these subjects writes those keys. */
  readonly writes?: readonly { readonly from: string; readonly keys: string }[]
  readonly partition: string
  /** Up to where its effects are stored; a cursor of what it reads. */
  readonly cursor: string
  /** Events that are stored and not yet taken. */
  readonly pending: number
  /** Why it waits, when it does. */
  readonly blocked?: string
  /** What people should look at, though nothing waits for it: a condition that cannot be evaluated. */
  readonly concern?: string
  readonly deadLetters: number
  /** Sequences of the events: the first, the last, and the one that was taken last. */
  readonly rebuilding?: { readonly from: number; readonly to: number; readonly at: number }
}

function writesOf({ from, key }: Pick<BucketFillingSpec, 'from' | 'key'>): ProjectionStatus['writes'] & {} {
  return from.map((filter) => ({ from: filter, keys: key.keysOf(filter) }))
}

function projectionStatus({ spec, run, projection }: RunningProjection): ProjectionStatus {
  const { position, taken, rebuilding, stats } = run
  const { index, count } = run.options.partition
  const blocked = projection.blocked()
  const concern = 'concern' in projection ? projection.concern() : undefined
  return {
    name: spec.name,
    kind: spec.kind,
    from: spec.from,
    ...('bucket' in spec ? { bucket: spec.bucket, writes: writesOf(spec) } : {}),
    partition: `${index}/${count}`,
    cursor: formatCursor(position),
    pending: stats.pending,
    ...(blocked === undefined ? {} : { blocked }),
    ...(concern === undefined ? {} : { concern }),
    deadLetters: stats.deadLetters,
    ...(rebuilding === undefined ? {} : { rebuilding: { ...rebuilding, at: taken.seq } }),
  }
}
