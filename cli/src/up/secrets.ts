import type { NatsRole } from '@weir/mesh'

/** What the parts of a `weir up` know each other by, made at its first start. */
export interface Secrets {
  /** Signs tokens (HS256). */
  readonly jwtSecret: string
  /** Of each NATS user. */
  readonly natsPasswords: Readonly<Record<NatsRole, string>>
  /** Of the user postgres in the embedded Postgres. */
  readonly postgresPassword: string
}
