import { limits } from '../config/limits.ts'
import { type NatsRole, natsPermissions, natsRoles } from './permissions.ts'

export interface NatsConfigOptions {
  readonly host: string
  readonly port: number
  /** Where JetStream keeps its files. */
  readonly storeDir: string
  readonly passwords: Readonly<Record<NatsRole, string>>
  /**
   * Sync each message to the disk before it is acknowledged: what is accepted then survives a power
   * cut of this machine.
   */
  readonly syncAlways?: boolean
  /** The cluster that this server is one of. */
  readonly cluster?: NatsClusterOptions
  /** Also listen for NATS over WebSocket there, without TLS: for edge runtimes on this machine. */
  readonly websocketPort?: number
  /** Also serve NATS's own monitoring pages (/healthz, /jsz) there. */
  readonly monitorPort?: number
}

export interface NatsClusterOptions {
  /** Of this server; no other one has it. */
  readonly serverName: string
  /** Where this server listens for the others, without TLS: for servers on one machine. */
  readonly routePort: number
  /** Where all of them do. */
  readonly routePorts: readonly number[]
}

/** The configuration file of a nats-server with JetStream: one user a role, named after it. */
export function renderNatsConfig(options: NatsConfigOptions): string {
  const { host, port, storeDir, passwords, syncAlways = false, cluster, websocketPort, monitorPort } = options
  const sync = syncAlways ? ', sync_interval: always' : ''
  const lines = [`listen: ${quote(`${host}:${port}`)}`, `jetstream { store_dir: ${quote(storeDir)}${sync} }`]
  if (cluster !== undefined) lines.push(...renderCluster(host, cluster))
  if (monitorPort !== undefined) lines.push(`http: ${quote(`${host}:${monitorPort}`)}`)
  if (websocketPort !== undefined)
    lines.push(`websocket { listen: ${quote(`${host}:${websocketPort}`)}, no_tls: true }`)
  return `${lines.join('\n')}\n${renderNatsUsers((role) => quote(passwords[role]))}`
}

/**
 * The users of a configuration file. `passwordOf` gives the text behind `password:`, which may be a
 * variable such as `$HUB`.
 */
export function renderNatsUsers(passwordOf: (role: NatsRole) => string): string {
  const users = natsRoles.map((role) => renderUser(role, passwordOf(role)))
  return [`authorization { timeout: ${limits.natsLoginSeconds}, users: [`, ...users, '] }', ''].join('\n')
}

function renderCluster(host: string, { serverName, routePort, routePorts }: NatsClusterOptions): readonly string[] {
  const routes = routePorts.map((each) => `nats-route://${host}:${each}`)
  return [
    `server_name: ${quote(serverName)}`,
    `cluster { name: "weir", listen: ${quote(`${host}:${routePort}`)}, routes: ${quoteAll(routes)} }`,
  ]
}

function renderUser(role: NatsRole, password: string): string {
  const { publish, publishDeny = [], subscribe } = natsPermissions[role]
  const deny = publishDeny.length === 0 ? '' : `, deny: ${quoteAll(publishDeny)}`
  return [
    `  { user: ${quote(role)}, password: ${password}, permissions: {`,
    `      publish: { allow: ${quoteAll(publish)}${deny} }`,
    `      subscribe: { allow: ${quoteAll(subscribe)} }`,
    '  } }',
  ].join('\n')
}

function quoteAll(values: readonly string[]): string {
  return `[${values.map(quote).join(', ')}]`
}

/** A string of the NATS configuration language, which has no escape for what JSON writes as \u. */
function quote(value: string): string {
  if (/[^\x20-\x7e]/.test(value)) throw new RangeError('The NATS configuration takes printable ASCII only here.')
  return JSON.stringify(value)
}
