import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { renderNatsConfig } from '@weir/mesh'
import { fileOf } from '../checkout/file-of.ts'
import { bun, natsServer, pinnedNode } from '../checkout/programs.ts'
import { limits } from '../limits.ts'
import { addressesOf, natsUrl } from './addresses.ts'
import type { ChildDeclaration } from './child.ts'
import type { NatsServer } from './nats-servers.ts'
import { isListening, type Ports } from './ports.ts'
import type { Secrets } from './secrets.ts'
import type { StateFolder } from './state-folder.ts'

/** In the order in which they are stopped, the other way round. */
export const partNames = ['nats', 'nats-2', 'nats-3', 'postgres', 'ingest', 'hub', 'projector', 'telemetry'] as const

export type PartName = (typeof partNames)[number]

/** Settings of the services, by the names of their variables. */
export type AddedSettings = Readonly<Record<string, string>>

/** What every part is made from. */
export interface PartContext {
  readonly folder: StateFolder
  readonly ports: Ports
  readonly secrets: Secrets
  readonly databaseUrl: string | undefined
  readonly nats: readonly NatsServer[]
  /** Whether NATS syncs each message to the disk before it is acknowledged. */
  readonly syncAlways: boolean
  /** Whether NATS is also served over WebSocket. */
  readonly natsOverWebsocket: boolean
  /** What additions to the configuration set. */
  readonly added: AddedSettings
}

export function natsPart(context: PartContext, server: NatsServer): ChildDeclaration {
  const { folder, ports, secrets, syncAlways, natsOverWebsocket } = context
  const { name, port, storeDir, cluster } = server
  const configPath = folder.at(`${name}.conf`)
  const config = renderNatsConfig({
    host: '127.0.0.1',
    port,
    storeDir,
    passwords: secrets.natsPasswords,
    syncAlways,
    ...(cluster === undefined ? {} : { cluster }),
    ...(natsOverWebsocket && name === 'nats' ? { websocketPort: ports.natsWebsocket } : {}),
  })
  writeFileSync(configPath, config, { mode: 0o600 })
  return declare(context, name, [natsServer(), '--config', configPath], () => isListening(port), {})
}

export function postgresPart({ folder, ports, secrets }: PartContext): ChildDeclaration {
  return postgresChild('postgres', folder, ports.postgres, secrets.postgresPassword)
}

/** An embedded Postgres, whose data is in the folder of its name. */
export function postgresChild(name: string, folder: StateFolder, port: number, password: string): ChildDeclaration {
  return {
    name,
    command: [bun, fileOf('cli/src/postgres/main.ts'), folder.at(name), String(port)],
    env: environmentWith({ WEIR_POSTGRES_PASSWORD: password }),
    logPath: folder.at('logs', `${name}.log`),
    isReady: () => isListening(port),
  }
}

export function ingestPart(context: PartContext): ChildDeclaration {
  return service(context, 'ingest', [bun, fileOf('ingest/src/main.ts')], {
    WEIR_INGEST_PORT: context.ports.ingest,
    WEIR_INGEST_ADMIN_PORT: context.ports.ingestAdmin,
    WEIR_MQTT: 'true',
    WEIR_MQTT_PORT: context.ports.mqtt,
    WEIR_HUB_URL: addressesOf(context.ports, context.secrets, context.databaseUrl).hub,
  })
}

export function hubPart(context: PartContext): ChildDeclaration {
  return service(context, 'hub', [pinnedNode(), fileOf('hub/src/main.ts')], {
    WEIR_HUB_PORT: context.ports.hub,
    WEIR_HUB_ADMIN_PORT: context.ports.hubAdmin,
  })
}

export function projectorPart(context: PartContext, tenants: readonly string[]): ChildDeclaration {
  const { ports, secrets, databaseUrl } = context
  return service(context, 'projector', [bun, fileOf('projector/src/main.ts')], {
    WEIR_PROJECTOR_PORT: ports.projector,
    WEIR_PROJECTOR_ADMIN_PORT: ports.projectorAdmin,
    // The page asks the projector where the hub is.
    WEIR_HUB_PORT: ports.hub,
    WEIR_TENANTS: tenants.join(','),
    DATABASE_URL: addressesOf(ports, secrets, databaseUrl).postgres,
  })
}

export function telemetryPart(context: PartContext, token: string): ChildDeclaration {
  const { ingest } = addressesOf(context.ports, context.secrets, context.databaseUrl)
  const ready = (): Promise<boolean> => Promise.resolve(true)
  return declare(context, 'telemetry', [bun, ownFile('telemetry.ts'), ingest], ready, { WEIR_TOKEN: token })
}

function service(
  context: PartContext,
  name: 'ingest' | 'hub' | 'projector',
  command: readonly [string, ...string[]],
  settings: Readonly<Record<string, string | number>>,
): ChildDeclaration {
  const { ports, secrets, databaseUrl, nats } = context
  const { admin } = addressesOf(ports, secrets, databaseUrl)
  return declare(context, name, command, () => answers(`${admin[name]}/readyz`), {
    WEIR_HOST: '127.0.0.1',
    WEIR_JWT_SECRET: secrets.jwtSecret,
    WEIR_NATS_URL: natsUrl(
      nats.map(({ port }) => port),
      secrets,
      name,
    ),
    ...settings,
  })
}

/**
 * The caller's environment goes to every part, so that any setting of a service can be tried with
 * `weir up`.
 */
function declare(
  { folder, added }: PartContext,
  name: PartName,
  command: readonly [string, ...string[]],
  isReady: () => Promise<boolean>,
  settings: Readonly<Record<string, string | number>>,
): ChildDeclaration {
  const env = environmentWith({ ...added, ...settings })
  return { name, command, env, logPath: folder.at('logs', `${name}.log`), isReady }
}

/** The caller's environment, with these settings in it. */
export function environmentWith(settings: Readonly<Record<string, string | number>>): Record<string, string> {
  const env: Record<string, string> = {}
  for (const [key, value] of Object.entries({ ...process.env, ...settings })) {
    if (value !== undefined) env[key] = String(value)
  }
  return env
}

function ownFile(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

/** Whether there is an answer of success at an address. */
export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(limits.readyAnswerMs) })
  return response.ok
}
