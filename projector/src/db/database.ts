import type { Logger } from '@weir/mesh'
import { asWeirError, backoffMs, WeirError } from '@weir/proto'
import postgres from 'postgres'
import { limits } from '../limits.ts'

export type Sql = postgres.Sql
export type TransactionSql = postgres.TransactionSql

/**
 * A Postgres: one connection that writes, and some that read beside it where the server bears more
 * than one. Whatever is asked is answered within a deadline or fails as what may pass: a server
 * that hangs without closing is one that is away.
 */
export interface Database {
  /** The writing connection; another one after a deadline has passed. */
  readonly sql: Sql
  write<T>(use: (sql: Sql) => Promise<T>): Promise<T>
  /** On the connections for reads; on the writing one of PGlite. */
  read<T>(use: (sql: Sql) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly url: string
  /** Connections for reads at most. */
  readonly readersMax: number
  readonly log: Logger
  /** How long an answer may take; by default the bounds of reads and of writes. */
  readonly deadlineMs?: number
}

/** Connects when the first query asks for it, and again whenever a connection was lost. */
export function openDatabase({ url, readersMax, log, deadlineMs }: DatabaseOptions): Database {
  const open = (max: number, settings: Readonly<Record<string, string | number>>): Sql =>
    postgres(url, {
      max,
      connect_timeout: limits.databaseConnectSeconds,
      // Values are bound as the text that Postgres reads, so no round trip for the types of the
      // server is needed.
      fetch_types: false,
      backoff: (attempt) => backoffMs(attempt, limits.databaseRetryMs, limits.databaseRetryMaxMs) / 1000,
      connection: { application_name: 'weir-projector', TimeZone: 'UTC', ...settings },
      onnotice: ({ message }) => log.debug({ notice: message }, 'Postgres'),
    })
  let sql = open(1, {})
  let readers: Sql | undefined
  /** What hangs is given up: its connections say nothing to anybody any more. */
  const renew = (): void => {
    const old = [sql, readers]
    sql = open(1, {})
    readers = undefined
    for (const each of old) void each?.end({ timeout: 0 }).catch(() => undefined)
  }
  const answered = async <T>(asked: Promise<T>, withinMs: number): Promise<T> => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new DatabaseTimeout(withinMs)), withinMs)
    })
    // What is answered later is heard by nobody, and neither is its failure.
    asked.catch(() => undefined)
    return await Promise.race([asked, late])
      .catch((cause: unknown) => {
        if (cause instanceof DatabaseTimeout) renew()
        throw cause
      })
      .finally(() => clearTimeout(timer))
  }
  return {
    get sql() {
      return sql
    },
    write: (use) => answered(use(sql), deadlineMs ?? limits.databaseWriteMs),
    read(use) {
      const asked = async (): ReturnType<typeof use> => {
        readers ??= (await isPglite(sql)) ? sql : open(readersMax, { statement_timeout: limits.databaseQueryMs })
        return await use(readers)
      }
      return answered(asked(), deadlineMs ?? limits.databaseQueryMs)
    },
    async close() {
      await Promise.all([sql, readers].map((each) => each?.end({ timeout: limits.databaseCloseSeconds })))
    },
  }
}

/**
 * No answer came in time. The code is that of a connection that timed out, so it is what may pass.
 */
class DatabaseTimeout extends Error {
  override readonly name = 'DatabaseTimeout'
  readonly code = 'ETIMEDOUT'

  constructor(deadlineMs: number) {
    super(`Postgres did not answer within ${deadlineMs} ms.`)
  }
}

/**
 * PGlite bears exactly one connection: statements of a second one fail in the middle of the first
 * one's.
 */
async function isPglite(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ version: string }[]>`select version()`
  return row?.version.includes('PGlite') === true
}

/**
 * Whether a failure of Postgres may pass by itself: no connection, starting or stopping, a full
 * disk, too many connections, a lock or a query that took too long. Anything else is about the
 * statement or its data.
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
