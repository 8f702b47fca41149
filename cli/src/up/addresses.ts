import type { NatsRole } from '@weir/mesh'
import type { Ports } from './ports.ts'
import type { Secrets } from './secrets.ts'

/** Where everything of a `weir up` answers. */
export interface Addresses {
  /** `ws://host:port`, without a path. */
  readonly hub: string
  readonly ingest: string
  readonly mqtt: string
  /** The read API and the page. */
  readonly projector: string
  /** With the user and password of the administrator. */
  readonly nats: string
  /** With its user and password. */
  readonly postgres: string
  readonly admin: { readonly hub: string; readonly ingest: string; readonly projector: string }
}

/** `natsPorts` are those of all servers of a cluster. */
export function addressesOf(
  ports: Ports,
  secrets: Secrets,
  databaseUrl: string | undefined,
  natsPorts: readonly number[] = [ports.nats],
): Addresses {
  const http = (port: number): string => `http://127.0.0.1:${port}`
  return {
    hub: `ws://127.0.0.1:${ports.hub}`,
    ingest: http(ports.ingest),
    mqtt: `mqtt://127.0.0.1:${ports.mqtt}`,
    projector: http(ports.projector),
    nats: natsUrl(natsPorts, secrets, 'admin'),
    postgres: databaseUrl ?? `postgres://postgres:${secrets.postgresPassword}@127.0.0.1:${ports.postgres}/postgres`,
    admin: { hub: http(ports.hubAdmin), ingest: http(ports.ingestAdmin), projector: http(ports.projectorAdmin) },
  }
}

export function natsUrl(natsPorts: readonly number[], secrets: Secrets, role: NatsRole): string {
  const [first, ...others] = natsPorts.map((port) => `127.0.0.1:${port}`)
  const user = `${role}:${secrets.natsPasswords[role]}`
  return [`nats://${user}@${first}`, ...others.map((host) => `nats://${host}`)].join(',')
}
