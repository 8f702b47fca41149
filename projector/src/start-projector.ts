import {
  connectNats,
  DenialFeed,
  exportReloads,
  type Handler,
  type Health,
  type Load,
  type Logger,
  type Metrics,
  type NatsConnection,
  natsAccess,
  openTraces,
  Presence,
  presenceName,
  Reload,
  type Scope,
  type ServeOptions,
  serve,
  serveAdmin,
  type Verifier,
  watchKeys,
} from '@weir/mesh'
import { WeirError } from '@weir/proto'
import manifest from '../package.json' with { type: 'json' }
import { BoardBucket } from './boards/board-bucket.ts'
import { BucketReader } from './bucket/bucket-reader.ts'
import { openDatabase } from './db/database.ts'
import { declaredBy } from './declaration/file/declared.ts'
import type { Declarations } from './declaration/file/schema.ts'
import type { Partition } from './event/partition.ts'
import { AlertLog } from './kinds/alert/alert-log.ts'
import { History } from './kinds/history/history.ts'
import { AddressGuard } from './kinds/notify/address-guard.ts'
import { limits } from './limits.ts'
import { parseReadRoutes, type ReadRoute } from './reads/read-route.ts'
import { ReplicaGroup } from './replicas/replica-group.ts'
import { createApi } from './routes/api.ts'
import { type ProjectorConfig, projectorSettings } from './settings.ts'
import { SilenceLog } from './silence/silence-log.ts'
import { projectorLoad } from './tenant/projector-load.ts'
import { exportProjections, exportReplicas } from './tenant/projector-metrics.ts'
import { TenantProjections } from './tenant/tenant-projections.ts'

/** What the process of a projector is made from. */
export interface ProjectorContext {
  readonly config: ProjectorConfig
  readonly verifier: Verifier
  readonly declarations: Declarations
  readonly reads: readonly ReadRoute[]
  readonly log: Logger
  readonly health: Health
  readonly metrics: Metrics
}

/** Starts a projector, step by step. */
export async function startProjector(scope: Scope, context: ProjectorContext): Promise<void> {
  const { config, verifier, declarations, reads, log, health, metrics } = context
  const { host: hostname, drainMs, databaseUrl, databaseReaders, partition } = config
  const place = (setting: 'port' | 'adminPort'): ServeOptions => {
    return { hostname, port: config[setting], portSetting: projectorSettings[setting].env }
  }
  const admin = await scope.use(
    'admin',
    () => serveAdmin({ ...place('adminPort'), health, metrics }),
    (server) => server.close(limits.adminCloseMs),
  )
  await scope.use(
    'keys',
    () => watchKeys(verifier, { health, metrics, log }),
    (watch) => watch.stop(),
  )
  const traces = await scope.use(
    'traces',
    () => openTraces(config, 'projector'),
    (opened) => opened?.stop(),
  )
  const nc = await scope.use(
    'nats',
    () => connectNats({ ...natsAccess(config), name: 'projector', log, health }),
    (connection) => connection.drain(),
  )
  await scope.use(
    'denials',
    async () => {
      const feed = new DenialFeed({ nc, denials: verifier.denials, tells: false })
      await feed.start()
      return feed
    },
    (feed) => feed.close(),
  )
  // It connects when it is used, so that a Postgres that is away keeps nothing else from starting.
  const database = await scope.use(
    'database',
    () =>
      databaseUrl === undefined ? undefined : openDatabase({ url: databaseUrl, readersMax: databaseReaders, log }),
    (opened) => opened?.close(),
  )
  const tenants = await scope.use(
    'projections',
    () => {
      const guard = new AddressGuard(config.notifyAllow)
      const share = partition === 'auto' ? undefined : partition
      const common = { nc, declarations, database, partition: share, guard, health, log, traces }
      const all = config.tenants.map((tenant) => new TenantProjections({ ...common, tenant }))
      exportProjections(metrics, all)
      for (const each of all) each.start()
      return all
    },
    async (all) => void (await Promise.all(all.map((each) => each.drain()))),
  )
  if (partition === 'auto') await shareKeys(scope, context, nc, tenants)
  let history = historyOf(declarations)
  const alertLogs = new Map(config.tenants.map((tenant) => [tenant, new AlertLog(nc, tenant)]))
  const silenceLogs = new Map(config.tenants.map((tenant) => [tenant, new SilenceLog(nc, tenant)]))
  const boardBuckets = new Map(config.tenants.map((tenant) => [tenant, new BoardBucket(nc, tenant)]))
  const apiWith = (reads: readonly ReadRoute[]): Handler =>
    createApi({
      ...config,
      verifier,
      log,
      projections: tenants,
      reads,
      buckets: new BucketReader(nc),
      history: new History({
        nc,
        database,
        projection: () => history,
      }),
      alertsOf: (tenant) => served(alertLogs, tenant),
      silenceLogOf: (tenant) => served(silenceLogs, tenant),
      boardsOf: (tenant) => served(boardBuckets, tenant),
    })
  let api = apiWith(reads)
  const server = await scope.use(
    'api',
    () => serve((request, client) => api(request, client), place('port')),
    (started) => started.close(drainMs / 2),
  )
  const { version } = manifest
  await scope.use(
    'presence',
    () => {
      const load = (): Load => projectorLoad(tenants)
      const presence = new Presence({ nc, service: 'projector', name: presenceName(), version, load })
      presence.start()
      return presence
    },
    (presence) => presence.close(),
  )
  const { projections: file, routesFile } = config
  let routesText: string | undefined
  const reloadOf = (
    what: string,
    path: string | undefined,
    apply: (text: string, path: string) => Promise<boolean>,
  ) => {
    return path === undefined ? [] : [new Reload({ what, file: path, apply: (text) => apply(text, path), health, log })]
  }
  const reloads = [
    ...reloadOf('projections', file, async (text, path) => {
      const next = declaredBy(text, path, databaseUrl)
      let hasChanged = false
      for (const each of tenants) {
        const change = await each.apply(next)
        if (!Object.values(change).some(({ length }) => length > 0)) continue
        hasChanged = true
        log.info({ tenant: each.tenant, ...change }, 'the file of projections has changed; what differs was made anew')
      }
      history = historyOf(next)
      return hasChanged
    }),
    ...reloadOf('routes', routesFile, async (text, path) => {
      const hasChanged = routesText !== undefined
      api = apiWith(parseReadRoutes(text, path))
      routesText = text
      return hasChanged
    }),
  ]
  exportReloads(metrics, reloads)
  await scope.use(
    'reloads',
    () => {
      for (const reload of reloads) reload.start()
    },
    async () => void (await Promise.all(reloads.map((reload) => reload.stop()))),
  )
  log.info({ port: server.port, adminPort: admin.port }, 'listening')
}

/** As many replicas as there are divide the keys among them, and again when one comes or goes. */
async function shareKeys(
  scope: Scope,
  { config, health, metrics, log }: ProjectorContext,
  nc: NatsConnection,
  tenants: readonly TenantProjections[],
): Promise<void> {
  const group = await scope.use(
    'replicas',
    () => {
      const assign = async (share: Partition | undefined): Promise<void> =>
        void (await Promise.all(tenants.map((each) => each.assign(share))))
      const opened = new ReplicaGroup({ nc, tenants: config.tenants, assign, health, log })
      opened.start()
      return opened
    },
    (opened) => opened.close(),
  )
  exportReplicas(metrics, group)
}

function historyOf({ projections }: Declarations): string | undefined {
  return projections.find(({ kind }) => kind === 'history')?.name
}

function served<Part>(parts: ReadonlyMap<string, Part>, tenant: string): Part {
  const part = parts.get(tenant)
  if (part !== undefined) return part
  throw new WeirError('not_found', `The tenant "${tenant}" is not served here: WEIR_TENANTS names those that are.`)
}
