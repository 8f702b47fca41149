import { readFile } from 'node:fs/promises'
import {
  adminHandler,
  connectNats,
  createLogger,
  Health,
  loadConfig,
  Metrics,
  type Part,
  runService,
  serve,
  Verifier,
} from '@weir/mesh'
import { WeirError } from '@weir/proto'
import { AlertLog } from './alerts/alert-log.ts'
import { projectorSettings } from './config.ts'
import { openDatabase } from './db/database.ts'
import { defaultProjections, loadProjections } from './declaration/load.ts'
import { History } from './history.ts'
import { createApi } from './http/api.ts'
import { exportProjections } from './projector-metrics.ts'
import { BucketReader } from './state/bucket-reader.ts'
import { tenantProjections } from './tenant-projections.ts'

const config = loadConfig(projectorSettings)
const log = createLogger('projector', config.logLevel)
const health = new Health()
const metrics = new Metrics('projector')
const verifier = new Verifier(config)
const file = config.projections
const specs = file === undefined ? defaultProjections : loadProjections(await readFile(file, 'utf8'), file)
const database =
  config.databaseUrl === undefined
    ? undefined
    : openDatabase({ url: config.databaseUrl, connectionsMax: config.databaseConnections, log })
const nc = await connectNats({ url: config.natsUrl, name: 'projector', log, health })

const { partition } = config
const tenants = config.tenants.map((tenant) =>
  tenantProjections({ nc, tenant, specs, database, partition, health, log }),
)
exportProjections(metrics, tenants)
const alertLogs = new Map(config.tenants.map((tenant) => [tenant, new AlertLog(nc, tenant)]))

const api = createApi({
  ...config,
  verifier,
  log,
  buckets: new BucketReader(nc),
  history: new History({ nc, database, projection: specs.find(({ kind }) => kind === 'history')?.name }),
  alertsOf,
  projections: tenants,
})

await runService({
  name: 'projector',
  log,
  health,
  drainMs: config.drainMs,
  parts: [
    { name: 'connections', start: () => Promise.resolve(), drain: closeConnections },
    // First to start and last to stop, so that it can always be asked how the rest is.
    httpPart('admin', config.adminPort, 'WEIR_PROJECTOR_ADMIN_PORT', adminHandler({ health, metrics })),
    ...tenants.flatMap(({ runs }) => runs.map(({ run }) => run)),
    httpPart('api', config.port, 'WEIR_PROJECTOR_PORT', api),
  ],
})

function alertsOf(tenant: string): AlertLog {
  const log = alertLogs.get(tenant)
  if (log === undefined) throw new WeirError('not_found', `The tenant "${tenant}" is not served here.`)
  return log
}

async function closeConnections(): Promise<void> {
  await nc.drain()
  await database?.close()
}

function httpPart(
  name: string,
  port: number,
  portSetting: string,
  handler: (request: Request) => Promise<Response>,
): Part {
  let server: Awaited<ReturnType<typeof serve>> | undefined
  return {
    name,
    async start() {
      server = await serve(handler, { hostname: config.host, port, portSetting })
      log.info({ part: name, port: server.port }, 'listening')
    },
    async drain() {
      await server?.close(config.drainMs / 2)
    },
  }
}
