import {
  connectNats,
  createLogger,
  DenialFeed,
  durabilityFault,
  EventShards,
  exportReloads,
  Health,
  loadConfig,
  loadVerifier,
  Metrics,
  natsAccess,
  openTraces,
  Presence,
  Publisher,
  presenceName,
  runService,
  serve,
  serveAdmin,
  watchKeys,
} from '@weir/mesh'
import manifest from '../package.json' with { type: 'json' }
import { nodeUnpackers } from './body/unpack-node.ts'
import { createIngestApp } from './create-ingest.ts'
import { IngestMetrics } from './ingest-metrics.ts'
import { ingestLimits } from './limits.ts'
import { serveMqtt } from './mqtt/mqtt-server.ts'
import { RoutesFile } from './routes-file.ts'
import { ingestSettings } from './settings.ts'
import { Gate } from './store/gate.ts'
import { tenantExistsIn } from './store/tenant-exists.ts'

const config = loadConfig(ingestSettings)
const log = createLogger('ingest', config.logLevel)
const health = new Health()
const metrics = new Metrics('ingest')
const verifier = loadVerifier(config)
const { host: hostname, drainMs } = config

await runService({
  name: 'ingest',
  log,
  health,
  drainMs,
  async start(scope) {
    const adminPlace = { hostname, port: config.adminPort, portSetting: ingestSettings.adminPort.env }
    const admin = await scope.use(
      'admin',
      () => serveAdmin({ ...adminPlace, health, metrics }),
      (server) => server.close(1_000),
    )
    await scope.use(
      'keys',
      () => watchKeys(verifier, { health, metrics, log }),
      (watch) => watch.stop(),
    )
    const traces = await scope.use(
      'traces',
      () => openTraces(config, 'ingest'),
      (opened) => opened?.stop(),
    )
    const nc = await scope.use(
      'nats',
      () => connectNats({ ...natsAccess(config), name: 'ingest', log, health }),
      (connection) => connection.close(),
    )
    const fault = await durabilityFault(nc, config.durability)
    if (fault !== undefined) log.warn(fault)
    await scope.use(
      'denials',
      async () => {
        const feed = new DenialFeed({ nc, denials: verifier.denials, tells: false })
        await feed.start()
        return feed
      },
      (feed) => feed.close(),
    )
    const publisher = await scope.use(
      'publisher',
      () => {
        // What producers may hold is bounded by their shares, so that the publisher's own bounds,
        // which are for all, do not bind.
        const { bodiesBytesMax: inFlightBytesMax } = config
        return new Publisher(nc, { metrics, inFlightMax: ingestLimits.recordsInFlightMax, inFlightBytesMax })
      },
      (started) => started.drain(),
    )
    const routesFile = await scope.use('routes', async () =>
      config.routesFile === undefined ? undefined : RoutesFile.read(config.routesFile),
    )
    const limits = { ...ingestLimits, ...config }
    const shards = new EventShards(nc)
    const shardsOf = shards.known.bind(shards)
    const gate = new Gate({ publisher, tenantExists: tenantExistsIn(shards), shardsOf, limits })
    const counts = new IngestMetrics(metrics)
    const shared = { verifier, publisher, gate, log, metrics: counts }
    const ingest = createIngestApp({
      ...shared,
      traces,
      unpackers: nodeUnpackers,
      limits: config,
      routes: routesFile?.routes ?? [],
      origins: config.origins,
      otlpDedupe: config.otlpDedupe,
    })
    const server = await scope.use(
      'http',
      () => serve(ingest.fetch, { hostname, port: config.port, portSetting: ingestSettings.port.env }),
      (started) => started.close(drainMs / 2),
    )
    if (config.mqtt) {
      const { aheadMs, hubUrl, mqttPort: port } = config
      const place = { hostname, port, portSetting: ingestSettings.mqttPort.env }
      const mqtt = await scope.use(
        'mqtt',
        () => serveMqtt({ ...shared, aheadMs, hubUrl: hubUrl?.replace(/^http/, 'ws'), now: Date.now }, place),
        (started) => started.close(),
      )
      log.info({ mqttPort: mqtt.port }, 'listening for MQTT')
    }
    const reloads = routesFile === undefined ? [] : [routesFile.reloadInto(ingest, { health, log })]
    exportReloads(metrics, reloads)
    await scope.use(
      'reloads',
      () => {
        for (const reload of reloads) reload.start()
      },
      async () => void (await Promise.all(reloads.map((reload) => reload.stop()))),
    )
    await scope.use(
      'presence',
      () => {
        const { version } = manifest
        const presence = new Presence({ nc, service: 'ingest', name: presenceName(), version, load: () => counts.load })
        presence.start()
        return presence
      },
      (presence) => presence.close(),
    )
    log.info({ port: server.port, adminPort: admin.port }, 'listening')
  },
})
