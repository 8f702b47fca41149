import type { Sql, TransactionSql } from 'postgres'

/** An item of `POST /v1/events` as it will be sent, but for its id and its time. */
export interface OutboxItem {
  readonly subject: string
  readonly type: string
  readonly source?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly data?: unknown
  readonly stateChange?: {
    readonly category: string
    readonly entity: string
    readonly from?: string
    readonly to: string
    readonly code?: number
    readonly name?: string
  }
}

/** An item that waits for its acknowledgement. */
export interface WaitingItem {
  readonly seq: bigint
  readonly id: string
  readonly writtenAt: Date
  readonly item: OutboxItem
}

/** What a relay needs of an outbox. */
export interface RelaySource {
  /** The oldest that wait. */
  waiting(limit: number): Promise<readonly WaitingItem[]>
  remove(items: readonly WaitingItem[]): Promise<void>
  /** Sets an item aside that ingest will never take, with the reason, so that others go on. */
  refuse(item: WaitingItem, reason: string): Promise<void>
  /** Calls the action after each transaction that may have written. */
  onWritten(action: () => void): void
}

/**
 * Events that are written in the transaction of the change that they tell of, so there is no change
 * without its event and no event without its change. A relay brings them to ingest in order.
 */
export class Outbox implements RelaySource {
  readonly #sql: Sql
  readonly #schema: string
  #wake = (): void => {}

  /** The schema is that of the service, which has to be there. */
  constructor(sql: Sql, schema: string) {
    this.#sql = sql
    this.#schema = schema
  }

  async migrate(): Promise<void> {
    const sql = this.#sql
    await sql`
      create table if not exists ${sql(this.#schema)}.outbox (
        seq bigint generated always as identity primary key,
        id uuid not null default gen_random_uuid(),
        written_at timestamptz not null default clock_timestamp(),
        item jsonb not null,
        refused text
      )`
  }

  async write(tx: TransactionSql, item: OutboxItem): Promise<void> {
    await tx`insert into ${tx(this.#schema)}.outbox (item) values (${tx.json(item as never)})`
  }

  /** Runs a transaction that may write, and wakes the relay when it was committed. */
  async transaction<T>(run: (tx: TransactionSql) => Promise<T>): Promise<T> {
    const result = await this.#sql.begin(run)
    this.#wake()
    return result as T
  }

  onWritten(action: () => void): void {
    this.#wake = action
  }

  async waiting(limit: number): Promise<readonly WaitingItem[]> {
    const sql = this.#sql
    const rows = await sql<WaitingItem[]>`
      select seq, id, written_at as "writtenAt", item from ${sql(this.#schema)}.outbox
      where refused is null order by seq limit ${limit}`
    return rows.map((row) => ({ ...row, seq: BigInt(row.seq) }))
  }

  async remove(items: readonly WaitingItem[]): Promise<void> {
    if (items.length === 0) return
    const sql = this.#sql
    await sql`delete from ${sql(this.#schema)}.outbox where seq in ${sql(items.map(({ seq }) => String(seq)))}`
  }

  async refuse({ seq }: WaitingItem, reason: string): Promise<void> {
    const sql = this.#sql
    await sql`update ${sql(this.#schema)}.outbox set refused = ${reason} where seq = ${String(seq)}`
  }
}
