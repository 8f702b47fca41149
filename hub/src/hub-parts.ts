import process from 'node:process'
import {
  adminHandler,
  type ConfigOf,
  connectNats,
  type Health,
  type HttpServer,
  type Logger,
  type Metrics,
  type NatsConnection,
  type Part,
  serve,
  type Verifier,
} from '@weir/mesh'
import { AdminApi } from './http/admin-api.ts'
import { HttpEdge } from './http/http-edge.ts'
import { type HubServer, listen } from './http/server.ts'
import { Tickets } from './http/tickets.ts'
import { Hub, randomHubName } from './hub/hub.ts'
import { HubControl } from './peers/hub-control.ts'
import { Presence } from './peers/presence.ts'
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

/** The parts of a hub in one process, in the order of their start. */
export function hubParts({ config, verifier, log, health, metrics }: HubContext): readonly Part[] {
  const { host, drainMs, worker } = config
  let admin: HttpServer
  let nc: NatsConnection
  let tickets: Tickets
  let hub: Hub
  let control: HubControl
  let presence: Presence
  let api: AdminApi | undefined
  let server: HubServer
  return [
    {
      name: 'admin',
      async start() {
        // Of a worker, only its supervisor asks.
        const hostname = worker === undefined ? host : '127.0.0.1'
        const options = { hostname, port: config.adminPort, portSetting: hubSettings.adminPort.env }
        const pages = adminHandler({ health, metrics })
        admin = await serve(async (request) => (await api?.handle(request)) ?? pages(request), options)
      },
      drain: () => admin.close(1_000),
    },
    {
      name: 'nats',
      async start() {
        nc = await connectNats({ url: config.natsUrl, name: 'hub', log, health })
        tickets = new Tickets(nc)
      },
      async drain() {
        tickets.close()
        await nc.close()
      },
    },
    {
      name: 'hub',
      async start() {
        hub = new Hub({ name: config.hubName ?? randomHubName(), settings: config, nc, log, verifier, metrics })
        const edge = new HttpEdge(hub, tickets)
        control = new HubControl(nc, hub)
        presence = new Presence(nc, hub)
        api = new AdminApi(hub, control)
        await control.start()
        const { port, idleSeconds } = config
        server = await listen({ hub, edge, host, port, idleSeconds, shared: worker !== undefined })
        hub.start()
        presence.start()
        const ports: WorkerPorts = { port: server.port, adminPort: admin.port }
        if (worker === undefined) log.info({ hub: hub.hubName, ...ports }, 'listening')
        else report(ports)
      },
      async drain() {
        presence.close()
        await hub.drain(drainMs / 2)
        control.close()
        server.close()
      },
    },
  ]
}

/** Tells the supervisor where this worker is. Without a supervisor it stops as if it had been told to. */
function report(ports: WorkerPorts): void {
  const stop = (): void => void process.kill(process.pid, 'SIGTERM')
  process.once('disconnect', stop)
  if (process.connected) process.send?.(ports, undefined, {}, (error) => error !== null && stop())
  else stop()
}
