import { adminHandler, type HttpServer, type Part, serve } from '@weir/mesh'
import { randomHubName } from './hub/hub.ts'
import type { HubContext } from './hub-parts.ts'
import { hubSettings } from './settings.ts'
import { PoolAdmin } from './workers/pool-admin.ts'
import { WorkerPool } from './workers/worker-pool.ts'

/** The parts of a hub with several workers: the processes that serve, and the one admin port for all. */
export function supervisorParts({ config, log, health, metrics }: HubContext): readonly Part[] {
  const pool = new WorkerPool(config.workers, config.hubName ?? randomHubName(), log)
  metrics.reading(
    'worker_restarts_total',
    'Workers that ended by themselves and were started again.',
    () => pool.restarts,
  )
  let admin: HttpServer
  return [
    {
      name: 'admin',
      async start() {
        const pages = adminHandler({ health, metrics })
        const own = new PoolAdmin(pool, health, metrics)
        const options = { hostname: config.host, port: config.adminPort, portSetting: hubSettings.adminPort.env }
        admin = await serve(async (request) => (await own.handle(request)) ?? pages(request), options)
      },
      drain: () => admin.close(1_000),
    },
    {
      name: 'workers',
      async start() {
        const port = await pool.start(config.host, config.port)
        log.info({ workers: config.workers, port, adminPort: admin.port }, 'listening')
      },
      drain: () => pool.stop(),
    },
  ]
}
