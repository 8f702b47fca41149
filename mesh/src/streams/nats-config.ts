import { type NatsRole, natsPermissions, natsRoles } from './permissions.ts'

export interface NatsConfigOptions {
  readonly host: string
  readonly port: number
  /** Where JetStream keeps its files. */
  readonly storeDir: string
  readonly passwords: Readonly<Record<NatsRole, string>>
  /** Also listen for NATS over WebSocket there, without TLS: for edge runtimes on this machine. */
  readonly websocketPort?: number
  /** Also serve NATS's own monitoring pages (/healthz, /jsz) there. */
  readonly monitorPort?: number
}

/** The configuration file of a single nats-server with JetStream: one user a role, named after it. */
export function renderNatsConfig(options: NatsConfigOptions): string {
  const { host, port, storeDir, passwords, websocketPort, monitorPort } = options
  const lines = [`listen: ${quote(`${host}:${port}`)}`, `jetstream { store_dir: ${quote(storeDir)} }`]
  if (monitorPort !== undefined) lines.push(`http: ${quote(`${host}:${monitorPort}`)}`)
  if (websocketPort !== undefined)
    lines.push(`websocket { listen: ${quote(`${host}:${websocketPort}`)}, no_tls: true }`)
  const users = natsRoles.map((role) => renderUser(role, passwords[role]))
  return [...lines, 'authorization { users: [', ...users, '] }', ''].join('\n')
}

function renderUser(role: NatsRole, password: string): string {
  const { publish, publishDeny = [], subscribe } = natsPermissions[role]
  const deny = publishDeny.length === 0 ? '' : `, deny: ${quoteAll(publishDeny)}`
  return [
    `  { user: ${quote(role)}, password: ${quote(password)}, permissions: {`,
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
