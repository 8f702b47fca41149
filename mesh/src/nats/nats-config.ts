import { type NatsRole, natsPermissions, natsRoles } from './permissions.ts'

export interface NatsConfigOptions {
  readonly host: string
  readonly port: number
  /** Where JetStream keeps its files. */
  readonly storeDir: string
  readonly passwords: Readonly<Record<NatsRole, string>>
  /** Also listen for NATS over WebSocket there, without TLS: for edge runtimes on this machine. */
  readonly websocketPort?: number
  /** Also serve /healthz and /jsz there. */
  readonly monitorPort?: number
}

/** The configuration file of a single nats-server: one user a role, with the permissions of that role. */
export function renderNatsConfig(options: NatsConfigOptions): string {
  const { host, port, storeDir, passwords, websocketPort, monitorPort } = options
  return [
    `host: ${quote(host)}`,
    `port: ${port}`,
    ...(monitorPort === undefined ? [] : [`http: ${quote(`${host}:${monitorPort}`)}`]),
    'max_payload: 1MB',
    `jetstream { store_dir: ${quote(storeDir)} }`,
    ...(websocketPort === undefined
      ? []
      : [`websocket { host: ${quote(host)}, port: ${websocketPort}, no_tls: true, compression: false }`]),
    'authorization {',
    '  users: [',
    ...natsRoles.map((role) => renderUser(role, passwords[role])),
    '  ]',
    '}',
    '',
  ].join('\n')
}

function renderUser(role: NatsRole, password: string): string {
  const { publish, publishDeny = [], subscribe } = natsPermissions[role]
  const deny = publishDeny.length === 0 ? '' : `, deny: ${quoteAll(publishDeny)}`
  return [
    `    { user: ${role}, password: ${quote(password)}, permissions: {`,
    `      publish: { allow: ${quoteAll(publish)}${deny} }`,
    `      subscribe: { allow: ${quoteAll(subscribe)} }`,
    '    } }',
  ].join('\n')
}

function quoteAll(values: readonly string[]): string {
  return `[${values.map(quote).join(', ')}]`
}

function quote(value: string): string {
  return JSON.stringify(value)
}
