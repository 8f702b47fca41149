import type { Logger } from '@weir/mesh'
import { asWeirError, WeirError } from '@weir/proto'
import postgres from 'postgres'
import { limits } from '../limits.ts'

export type Sql = postgres.Sql
export type TransactionSql = postgres.TransactionSql

/** A Postgres: one connection that writes, and some that read beside it where the server bears more than one. */
export interface Database {
  readonly sql: Sql
  /** The connections for reads; the writing one on PGlite. Rejects while the server cannot be asked which it is. */
  reads(): Promise<Sql>
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly url: string
  /** Connections for reads at most. */
  readonly readersMax: number
  readonly log: Logger
}

/** Connects when the first query asks for it, and again whenever a connection was lost. */
export function openDatabase({ url, readersMax, log }: DatabaseOptions): Database {
  const open = (max: number, settings: Readonly<Record<string, string | number>>): Sql =>
    postgres(url, {
      max,
      connect_timeout: limits.databaseConnectSeconds,
      // Values are bound as the text that Postgres reads, so no round trip for the types of the server is needed.
      fetch_types: false,
      backoff: (attempt) => Math.min(2 ** attempt / 10, 2),
      connection: { application_name: 'weir-projector', TimeZone: 'UTC', ...settings },
      onnotice: ({ message }) => log.debug({ notice: message }, 'Postgres'),
    })
  const sql = open(1, {})
  let readers: Sql | undefined
  return {
    sql,
    async reads() {
      readers ??= (await isPglite(sql)) ? sql : open(readersMax, { statement_timeout: limits.databaseQueryMs })
      return readers
    },
    async close() {
      await Promise.all([sql, readers].map((each) => each?.end({ timeout: limits.databaseCloseSeconds })))
    },
  }
}

/** PGlite bears exactly one connection: statements of a second one fail in the middle of the first one's. */
async function isPglite(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ version: string }[]>`select version()`
  return row?.version.includes('PGlite') === true
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

/** A failure to begin as a WeirError that says where to look, for readiness and the log. */
export function openError(cause: unknown): WeirError {
  const code = errorCode(cause)
  if (cause instanceof WeirError || code === undefined) return asWeirError(cause)
  const remedy = 'see that it runs where DATABASE_URL says, with that user, password and database'
  return new WeirError('unavailable', `Postgres cannot be used (${code}): ${remedy}.`, { cause })
}

/** SQLSTATE (PostgreSQL appendix A), or the code of the driver or of Node. */
export function errorCode(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
}
