import type { Sql } from './database.ts'

/**
 * The schema, step by step. A step that was released is never changed: what follows is a new step.
 * Everything is in the schema `weir`, so that it can share a database.
 */
const migrations: readonly string[] = [
  `create table weir.events (
     tenant text not null,
     epoch bigint not null,
     seq bigint not null,
     subject text collate "C" not null,
     -- When it happened, by the producer's clock.
     time timestamptz not null,
     -- When the stream took it: it decides the partition.
     stored_at timestamptz not null,
     -- Null when JSON of Postgres cannot hold it; \`event\` always does.
     body jsonb,
     event bytea not null,
     primary key (tenant, epoch, seq, stored_at)
   ) partition by range (stored_at);
   create index events_subject on weir.events (tenant, subject, time);
   create index events_time on weir.events using brin (time);

   create table weir.positions (
     tenant text not null,
     projection text not null,
     partition_index int not null,
     partition_count int not null,
     epoch bigint not null,
     seq bigint not null,
     stored_at timestamptz not null,
     primary key (tenant, projection, partition_index, partition_count)
   );`,
  // Of what an older version stored it is not known.
  `alter table weir.positions add column declaration text not null default ''`,
  `create table weir.coarse (
     tenant text not null,
     subject text collate "C" not null,
     metric text not null,
     -- The begin of the minute of event time.
     at timestamptz not null,
     -- The day on which the events were stored: it decides the partition.
     day timestamptz not null,
     -- Which part of the day's rows it is made of.
     part int not null,
     count bigint not null,
     min float8 not null,
     max float8 not null,
     sum float8 not null,
     -- The value that was taken last, and by which event.
     last float8 not null,
     last_time timestamptz not null,
     epoch bigint not null,
     seq bigint not null,
     unit text,
     primary key (tenant, subject, metric, at, day, part)
   ) partition by range (day);

   -- The days of which the copy has everything.
   create table weir.coarse_days (day timestamptz primary key);`,
  // The catalog alone changes, no row is read. What must wait for a query of somebody is given up
  // and tried again, as everybody else would wait behind it.
  `set local lock_timeout = '5s';
   -- Null where \`body\` has all that the event has; what is stored already keeps both.
   alter table weir.events alter column event drop not null;
   alter table weir.events add constraint events_whole check (event is not null or body is not null) not valid;`,
  // How far it has come in each of several streams; null for a source of one.
  `alter table weir.positions add column shards text`,
]

/**
 * Brings the schema up to date; several services may try at once. Resolves with the number of steps
 * that were taken.
 *
 * @param steps those to take at most; fewer make the schema of an older version
 */
export async function migrate(sql: Sql, steps: number = migrations.length): Promise<number> {
  return await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${LOCK_KEY})`
    await tx.unsafe(
      `create schema if not exists weir;
       create table if not exists weir.migrations (step int primary key, applied_at timestamptz not null default now())`,
    )
    const [row] = await tx<{ done: number }[]>`select count(*)::int as done from weir.migrations`
    const done = row?.done ?? 0
    if (done > migrations.length) {
      throw new Error(
        `The database is of a newer Weir: it has ${done} migrations, this one knows ${migrations.length}.`,
      )
    }
    for (const [at, step] of migrations.slice(0, steps).entries()) {
      if (at < done) continue
      await tx.unsafe(step)
      await tx`insert into weir.migrations (step) values (${at + 1})`
    }
    return Math.max(0, steps - done)
  })
}

/** "weir" in ASCII. */
const LOCK_KEY = 0x77656972
