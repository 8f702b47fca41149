import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { limits } from './limits.ts'

/** One connection, so that transactions of this service follow one another. */
export async function openDatabase(url: string, schema: string): Promise<postgres.Sql> {
  const sql = postgres(url, {
    max: 1,
    fetch_types: false,
    connect_timeout: limits.databaseConnectSeconds,
    connection: { application_name: schema },
    onnotice: () => undefined,
  })
  for (let attempt = 1; ; attempt++) {
    try {
      await sql`create schema if not exists ${sql(schema)}`
      return sql
    } catch (thrown) {
      if (attempt === limits.databaseAttemptsMax) throw thrown
      await sleep(limits.databaseRetryMs)
    }
  }
}
