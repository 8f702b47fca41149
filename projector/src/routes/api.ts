import { type Handler, type Logger, problem, type Verifier } from '@weir/mesh'
import { asWeirError, WeirError } from '@weir/proto'
import type { BoardBucket } from '../boards/board-bucket.ts'
import type { BucketReader } from '../bucket/bucket-reader.ts'
import { allowOrigins } from '../http/cross-origin.ts'
import { FairShare } from '../http/fair-share.ts'
import { endUntaken } from '../http/request-body.ts'
import { Router } from '../http/router.ts'
import { type StaticFiles, staticFiles } from '../http/static-files.ts'
import type { AlertLog } from '../kinds/alert/alert-log.ts'
import type { History } from '../kinds/history/history.ts'
import { limits } from '../limits.ts'
import type { ReadRoute } from '../reads/read-route.ts'
import type { Quiet } from '../silence/quiet.ts'
import type { SilenceLog } from '../silence/silence-log.ts'
import type { TenantProjections } from '../tenant/tenant-projections.ts'
import { alertRoutes } from './alert-routes.ts'
import { boardRoutes } from './board-routes.ts'
import { configRoute } from './config-route.ts'
import { deadLetterRoutes } from './dead-letter-routes.ts'
import { historyRoutes } from './history-routes.ts'
import { openApiRoute } from './open-api-route.ts'
import { projectionRoutes, servedTenant } from './projection-routes.ts'
import { readRoutes } from './read-routes.ts'
import { silenceRoutes } from './silence-routes.ts'
import { stateRoutes } from './state-routes.ts'

export interface ApiOptions {
  readonly verifier: Verifier
  readonly buckets: BucketReader
  readonly history: History
  /** Connections to Postgres for reads. */
  readonly databaseReaders: number
  readonly alertsOf: (tenant: string) => AlertLog
  readonly silenceLogOf: (tenant: string) => SilenceLog
  readonly boardsOf: (tenant: string) => BoardBucket
  /** The folders of boards that everybody sees. */
  readonly boards: readonly string[]
  /** Paths of the operator's file. */
  readonly reads: readonly ReadRoute[]
  readonly projections: readonly TenantProjections[]
  readonly log: Logger
  /** Origins, beside the page's own, whose pages may read; `*` for every one. */
  readonly origins: readonly string[]
  readonly publicHubUrl: string | undefined
  readonly hubPort: number
  /** The folder of the built console. */
  readonly consoleFolder: string
}

/** The read API and the console's files, as one fetch handler. */
export function createApi(options: ApiOptions): Handler {
  const { log } = options
  const api = routes(options)
  api.onError((thrown, context) => {
    const error = asWeirError(thrown)
    if (error.code === 'internal') log.error({ err: thrown, path: context.req.path }, 'a request failed')
    return problem(error)
  })
  api.all('/v1/*', () => {
    throw new WeirError(
      'not_found',
      'The read API has nothing at this address, or not by this method: GET /v1/openapi.json says what it has.',
    )
  })
  const files: StaticFiles = staticFiles(options.consoleFolder)
  api.get('*', (context) => files(context.req.raw))
  return async (request) => await api.fetch(request)
}

/** All routes of the API. */
export function routes(options: ApiOptions): Router['app'] {
  const router = new Router(options.verifier)
  for (const path of ['/v1/*', ...options.reads.map((read) => read.path)]) {
    router.app.use(path, allowOrigins(options.origins))
  }
  router.app.use('*', endUntaken)
  openApiRoute(router)
  configRoute(router, options)
  const shared = { waitingMax: limits.waitingMax, waitMs: limits.turnWaitMs }
  const listings = new FairShare({ ...shared, atOnceMax: limits.listingsMax })
  stateRoutes(router, options.buckets, listings)
  historyRoutes(router, options.history, new FairShare({ ...shared, atOnceMax: options.databaseReaders }))
  const quietOf = (tenant: string): Quiet => servedTenant(options.projections, tenant).quiet
  alertRoutes(router, { ...options, quietOf, listings })
  silenceRoutes(router, { ...options, silencesOf: (tenant) => quietOf(tenant).silences })
  projectionRoutes(router, options.projections)
  deadLetterRoutes(router, options.projections)
  boardRoutes(router, options)
  readRoutes(router, options.buckets, options.reads)
  return router.app
}
