import type { Logger } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import postgres from 'postgres'
import { limits } from '../limits.ts'

export type Sql = postgres.Sql
export type TransactionSql = postgres.TransactionSql

/** A connection pool, and what must be known of the server behind it. */
export interface Database {
  readonly sql: Sql
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly url: string
  /** Connections at most. PGlite bears exactly one. */
  readonly connectionsMax: number
  readonly log: Logger
}

/** Connects when the first query asks for it, and again whenever a connection was lost. */
export function openDatabase({ url, connectionsMax, log }: DatabaseOptions): Database {
  const sql = postgres(url, {
    max: connectionsMax,
    connect_timeout: limits.databaseConnectSeconds,
    // Bind values are given as the text that Postgres reads, so no round trip for the types of the server is needed.
    fetch_types: false,
    backoff: (attempt) => Math.min(2 ** attempt / 10, 2),
    connection: { application_name: 'weir-projector', TimeZone: 'UTC' },
    onnotice: ({ message }) => log.debug({ notice: message }, 'Postgres'),
  })
  return { sql, close: () => sql.end({ timeout: 5 }) }
}

/**
 * Whether a failure of Postgres may pass by itself: no connection, starting or stopping, a full disk, too many connections, a
 * lock or a query that took too long. Anything else is about the statement or its data.
 */
export function isPassing(cause: unknown): boolean {
  const code = errorCode(cause)
  if (code === undefined) return false
  return /^(08|40|53|57|58|55P03|CONN|ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_|ENOENT)/.test(code)
}

/** A failure of a read as a WeirError: `unavailable` when it may pass. */
export function databaseError(cause: unknown): WeirError {
  if (cause instanceof WeirError) return cause
  if (isPassing(cause)) {
    return new WeirError('unavailable', 'The history cannot be read at the moment; try again.', { cause })
  }
  return new WeirError('internal', 'The history could not be read. The log has the cause.', { cause })
}

/** SQLSTATE (PostgreSQL appendix A), or the code of the driver or of Node. */
export function errorCode(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
}
