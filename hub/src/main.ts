import {
  adminHandler,
  connectNats,
  createLogger,
  Health,
  type HttpServer,
  loadConfig,
  Metrics,
  type NatsConnection,
  runService,
  serve,
  Verifier,
} from '@weir/mesh'
import { Hub, randomHubName } from './hub.ts'
import { type HubServer, listen } from './server.ts'
import { hubSettings } from './settings.ts'

const config = loadConfig(hubSettings)
const log = createLogger('hub', config.logLevel)
const health = new Health()
const metrics = new Metrics('hub')
const verifier = new Verifier(config)
const { host, drainMs } = config

let admin: HttpServer
let nc: NatsConnection
let hub: Hub
let server: HubServer

const parts = [
  {
    name: 'admin',
    async start(): Promise<void> {
      const options = { hostname: host, port: config.adminPort, portSetting: hubSettings.adminPort.env }
      admin = await serve(adminHandler({ health, metrics }), options)
    },
    drain: (): Promise<void> => admin.close(1_000),
  },
  {
    name: 'nats',
    async start(): Promise<void> {
      nc = await connectNats({ url: config.natsUrl, name: 'hub', log, health })
    },
    drain: (): Promise<void> => nc.close(),
  },
  {
    name: 'hub',
    async start(): Promise<void> {
      hub = new Hub({ name: config.hubName ?? randomHubName(), settings: config, nc, log, verifier, metrics })
      server = await listen({ hub, host, port: config.port, shared: config.workers > 1 })
      hub.start()
      log.info({ hub: hub.hubName, port: server.port, adminPort: admin.port }, 'listening')
    },
    async drain(): Promise<void> {
      await hub.drain(drainMs / 2)
      server.close()
    },
  },
]

await runService({ name: 'hub', parts, log, health, drainMs })
