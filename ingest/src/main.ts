import { readFile } from 'node:fs/promises'
import {
  adminHandler,
  connectNats,
  createLogger,
  Health,
  type HttpServer,
  loadConfig,
  loadVerifier,
  Metrics,
  type NatsConnection,
  Publisher,
  runService,
  serve,
} from '@weir/mesh'
import { WeirError } from '@weir/proto'
import { nodeUnpackers } from './body/unpack-node.ts'
import { createIngest } from './create-ingest.ts'
import { parseWebhookRoutes } from './formats/webhook/webhook-route.ts'
import { IngestMetrics } from './ingest-metrics.ts'
import { ingestSettings } from './settings.ts'

const config = loadConfig(ingestSettings)
const log = createLogger('ingest', config.logLevel)
const health = new Health()
const metrics = new Metrics('ingest')
const verifier = loadVerifier(config)
const { host: hostname, drainMs } = config

let nc: NatsConnection
let publisher: Publisher
let admin: HttpServer
let server: HttpServer

const parts = [
  {
    name: 'admin',
    async start(): Promise<void> {
      const options = { hostname, port: config.adminPort, portSetting: ingestSettings.adminPort.env }
      admin = await serve(adminHandler({ health, metrics }), options)
    },
    drain: (): Promise<void> => admin.close(1_000),
  },
  {
    name: 'nats',
    async start(): Promise<void> {
      nc = await connectNats({ url: config.natsUrl, name: 'ingest', log, health })
      publisher = new Publisher(nc, { metrics })
    },
    async drain(): Promise<void> {
      await publisher.drain()
      await nc.close()
    },
  },
  {
    name: 'http',
    async start(): Promise<void> {
      const { routesFile, origins } = config
      const routes = routesFile === undefined ? [] : parseWebhookRoutes(await readRoutes(routesFile))
      const ingest = createIngest({
        verifier,
        publisher,
        log,
        metrics: new IngestMetrics(metrics),
        unpackers: nodeUnpackers,
        limits: config,
        routes,
        origins,
      })
      server = await serve(ingest, { hostname, port: config.port, portSetting: ingestSettings.port.env })
      log.info({ port: server.port, adminPort: admin.port }, 'listening')
    },
    drain: (): Promise<void> => server.close(drainMs / 2),
  },
]

async function readRoutes(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new WeirError('invalid', `WEIR_INGEST_ROUTES names ${path}, which cannot be read.`, { cause })
  }
}

await runService({ name: 'ingest', parts, log, health, drainMs })
