import {
  adminHandler,
  connectNats,
  type Handler,
  type Health,
  type HttpServer,
  type Logger,
  type Metrics,
  type NatsConnection,
  type Part,
  serve,
  type Verifier,
} from '@weir/mesh'
import { WeirError } from '@weir/proto'
import { BucketReader } from './bucket/bucket-reader.ts'
import { type Database, openDatabase } from './db/database.ts'
import type { ProjectionSpec } from './declaration/projection-spec.ts'
import { AlertLog } from './kinds/alert/alert-log.ts'
import { History } from './kinds/history/history.ts'
import { createApi } from './routes/api.ts'
import { type ProjectorConfig, projectorSettings } from './settings.ts'
import { exportProjections } from './tenant/projector-metrics.ts'
import { type TenantProjections, tenantProjections } from './tenant/tenant-projections.ts'

/** What the process of a projector is made from. */
export interface ProjectorContext {
  readonly config: ProjectorConfig
  readonly verifier: Verifier
  readonly specs: readonly ProjectionSpec[]
  readonly log: Logger
  readonly health: Health
  readonly metrics: Metrics
}

/** The parts of a projector, in the order of their start. */
export function projectorParts({ config, verifier, specs, log, health, metrics }: ProjectorContext): readonly Part[] {
  const { databaseUrl, databaseReaders, partition } = config
  let nc: NatsConnection
  let database: Database | undefined
  let tenants: readonly TenantProjections[] = []
  return [
    httpPart('admin', 'adminPort', () => adminHandler({ health, metrics })),
    {
      name: 'connections',
      async start() {
        nc = await connectNats({ url: config.natsUrl, name: 'projector', log, health })
        // It connects when it is used, so that a Postgres that is away keeps nothing else from starting.
        if (databaseUrl !== undefined) database = openDatabase({ url: databaseUrl, readersMax: databaseReaders, log })
      },
      async drain() {
        await nc.drain()
        await database?.close()
      },
    },
    {
      name: 'projections',
      async start() {
        const common = { nc, specs, database, partition, health, log }
        tenants = config.tenants.map((tenant) => tenantProjections({ ...common, tenant }))
        exportProjections(metrics, tenants)
        for (const { runs } of tenants) for (const { run } of runs) run.start()
      },
      async drain() {
        await Promise.all(tenants.flatMap(({ runs }) => runs.map(({ run }) => run.drain())))
      },
    },
    httpPart('api', 'port', () => {
      const alertLogs = new Map(config.tenants.map((tenant) => [tenant, new AlertLog(nc, tenant)]))
      return createApi({
        ...config,
        verifier,
        log,
        projections: tenants,
        buckets: new BucketReader(nc),
        history: new History({ nc, database, projection: specs.find(({ kind }) => kind === 'history')?.name }),
        alertsOf(tenant) {
          const alerts = alertLogs.get(tenant)
          if (alerts !== undefined) return alerts
          throw new WeirError('not_found', `The tenant "${tenant}" is not served here.`)
        },
      })
    }),
  ]

  function httpPart(name: string, setting: 'port' | 'adminPort', handler: () => Handler): Part {
    let server: HttpServer
    return {
      name,
      async start() {
        const place = { hostname: config.host, port: config[setting], portSetting: projectorSettings[setting].env }
        server = await serve(handler(), place)
        log.info({ part: name, port: server.port }, 'listening')
      },
      drain: () => server.close(name === 'admin' ? 1_000 : config.drainMs / 2),
    }
  }
}
