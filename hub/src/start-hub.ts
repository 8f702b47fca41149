import process from 'node:process'
import {
  type ConfigOf,
  connectNats,
  type Health,
  type Logger,
  type Metrics,
  natsAccess,
  openTraces,
  Presence,
  type Scope,
  serveAdmin,
  type Verifier,
  watchKeys,
} from '@weir/mesh'
import manifest from '../package.json' with { type: 'json' }
import { AdminApi, sessionsPath } from './http/admin-api.ts'
import { HttpEdge } from './http/http-edge.ts'
import { listen } from './http/server.ts'
import { SessionsDoor } from './http/sessions-door.ts'
import { Tickets } from './http/tickets.ts'
import { Hub, randomHubName } from './hub/hub.ts'
import { limits } from './limits.ts'
import { HubControl } from './peers/hub-control.ts'
import { hubLoad } from './peers/hub-load.ts'
import { hubSettings } from './settings.ts'
import type { WorkerPorts } from './workers/worker.ts'

/** What the process of a hub is made from. */
export interface HubContext {
  readonly config: ConfigOf<typeof hubSettings>
  readonly verifier: Verifier
  readonly log: Logger
  readonly health: Health
  readonly metrics: Metrics
}

/** Starts a hub in one process, step by step. */
export async function startHub(scope: Scope, context: HubContext): Promise<void> {
  const { config, verifier, log, health, metrics } = context
  const { host, port, idleSeconds, trustedProxies, drainMs, worker } = config
  const admin = await scope.use(
    'admin',
    () => {
      // Of a worker, only its supervisor asks.
      const hostname = worker === undefined ? host : '127.0.0.1'
      const portSetting = hubSettings.adminPort.env
      return serveAdmin({ hostname, port: config.adminPort, portSetting, health, metrics })
    },
    (server) => server.close(limits.adminCloseMs),
  )
  await scope.use(
    'keys',
    () => watchKeys(verifier, { health, metrics, log }),
    (watch) => watch.stop(),
  )
  const traces = await scope.use(
    'traces',
    () => openTraces(config, 'hub'),
    (opened) => opened?.stop(),
  )
  const nc = await scope.use(
    'nats',
    () => connectNats({ ...natsAccess(config), name: 'hub', log, health }),
    (connection) => connection.close(),
  )
  const tickets = await scope.use(
    'tickets',
    () => new Tickets(nc),
    (started) => started.close(),
  )
  const hub = new Hub({ name: config.hubName ?? randomHubName(), settings: config, nc, log, verifier, metrics, traces })
  const control = new HubControl(nc, hub)
  const edge = new HttpEdge(hub, tickets, new SessionsDoor(hub, control))
  await scope.use(
    'control',
    () => control.start(),
    () => control.close(),
  )
  const server = await scope.use(
    'http',
    () => listen({ hub, edge, host, port, trustedProxies, idleSeconds, shared: worker !== undefined }),
    (listening) => listening.close(),
  )
  await scope.use(
    'sessions',
    () => hub.start(),
    () => hub.drain(drainMs / 2),
  )
  const { version } = manifest
  await scope.use(
    'presence',
    () => {
      const presence = new Presence({ nc, service: 'hub', name: hub.hubName, version, load: () => hubLoad(hub) })
      presence.start()
      return presence
    },
    (presence) => presence.close(),
  )
  const api = new AdminApi(hub, control)
  admin.add(sessionsPath, (request) => api.handle(request))
  const ports: WorkerPorts = { port: server.port, adminPort: admin.port }
  if (worker === undefined) log.info({ hub: hub.hubName, ...ports }, 'listening')
  else report(ports)
}

/**
 * Tells the supervisor where this worker is. Without a supervisor it stops as if it had been told
 * to.
 */
function report(ports: WorkerPorts): void {
  const stop = (): void => void process.kill(process.pid, 'SIGTERM')
  process.once('disconnect', stop)
  if (process.connected) process.send?.(ports, undefined, {}, (error) => error !== null && stop())
  else stop()
}
