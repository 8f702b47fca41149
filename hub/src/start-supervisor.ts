import { type Scope, serveAdmin } from '@weir/mesh'
import { sessionsPath } from './http/admin-api.ts'
import { randomHubName } from './hub/hub.ts'
import { limits } from './limits.ts'
import { hubSettings } from './settings.ts'
import type { HubContext } from './start-hub.ts'
import { PoolAdmin } from './workers/pool-admin.ts'
import { WorkerPool } from './workers/worker-pool.ts'

/** Starts a hub with several workers: the processes that serve, and the one admin port for all. */
export async function startSupervisor(scope: Scope, context: HubContext): Promise<void> {
  const { config, log, health, metrics } = context
  const pool = new WorkerPool(config.workers, config.hubName ?? randomHubName(), log)
  metrics.reading(
    'worker_restarts_total',
    'Workers that ended by themselves and were started again.',
    () => pool.restarts,
  )
  const admin = await scope.use(
    'admin',
    () => {
      const portSetting = hubSettings.adminPort.env
      return serveAdmin({ hostname: config.host, port: config.adminPort, portSetting, health, metrics })
    },
    (server) => server.close(limits.adminCloseMs),
  )
  const own = new PoolAdmin(pool, health, metrics)
  admin.add(sessionsPath, (request) => own.handle(request))
  const port = await scope.use(
    'workers',
    () => pool.start(config.host, config.port),
    () => pool.stop(),
  )
  log.info({ workers: config.workers, port, adminPort: admin.port }, 'listening')
}
