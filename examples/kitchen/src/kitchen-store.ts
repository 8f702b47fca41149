import type { Sql, TransactionSql } from 'postgres'
import { Problem } from '../../backend/src/problem.ts'
import type { Outbox } from '../../outbox/src/outbox.ts'
import { stateWord } from '../../page/src/state-word.ts'
import { type Branch, isBranch } from './branches.ts'
import { limits } from './limits.ts'
import { type Action, type Details, finishedStates, type Kind, steps, type Thing } from './thing.ts'
import type { VoucherMessage } from './voucher-message.ts'

/** Who acts, and in which branches. */
export interface Actor {
  readonly name: string
  readonly mayIn: (branch: Branch) => boolean
}

/** The truth of all branches. Each action is one transaction with the events that tell of it. */
export class KitchenStore {
  readonly #sql: Sql
  readonly #outbox: Outbox

  constructor(sql: Sql, outbox: Outbox) {
    this.#sql = sql
    this.#outbox = outbox
  }

  async migrate(): Promise<void> {
    await this.#sql`
      create table if not exists kitchen.things (
        id text primary key,
        kind text not null,
        branch text not null,
        state text not null,
        version int not null default 1,
        since timestamptz not null default now(),
        by text not null,
        details jsonb not null,
        message text unique
      )`
    await this.#sql`
      create table if not exists kitchen.actions (
        id uuid primary key,
        done_at timestamptz not null default now(),
        result jsonb
      )`
    await this.#sql`create sequence if not exists kitchen.numbers start 101`
  }

  /** What is open in a branch and the newest of what is finished; the oldest first. */
  async list(branch: Branch): Promise<readonly Thing[]> {
    const newestFirst = await this.#sql<Thing[]>`
      select ${this.#sql.unsafe(columns)} from kitchen.things where branch = ${branch}
      order by state in ${this.#sql(finishedStates)}, since desc limit ${limits.listMax}`
    return newestFirst.toSorted((a, b) => Number(new Date(a.since)) - Number(new Date(b.since)))
  }

  /**
   * Does what a person wants, once for an id, and answers what it changed, the target first. Throws
   * Problem 403, 404 and 409.
   */
  async act(action: Action, actor: Actor): Promise<readonly Thing[]> {
    return await this.#outbox.transaction(async (tx) => {
      // The row of the action comes first: of two that are the same one waits for the other.
      const [[first], found] = await Promise.all([
        tx`insert into kitchen.actions (id) values (${action.id}) on conflict do nothing returning id`,
        'target' in action ? withItsOrder(tx, action.target) : [],
      ])
      if (first === undefined) {
        const [done] = await tx<{ result: Thing[] }[]>`select result from kitchen.actions where id = ${action.id}`
        if (done !== undefined) return done.result
      }
      const changed = await this.#do(tx, action, actor, found)
      await Promise.all([
        this.#tell(tx, changed),
        tx`update kitchen.actions set result = ${tx.json(changed as never)} where id = ${action.id}`,
      ])
      return changed
    })
  }

  /** A voucher with the order that it pays for; what was taken already is passed over. */
  async takeVoucher({ message, branch, customer, items, amount }: VoucherMessage): Promise<void> {
    await this.#outbox.transaction(async (tx) => {
      const [known] = await tx`select 1 from kitchen.things where message = ${message}`
      if (known !== undefined) return
      const details = { customer, items, amount }
      const order = await insert(tx, 'pedido', branch, 'PENDIENTE', 'WhatsApp', details)
      const paid = { ...details, order: order.id }
      await this.#tell(tx, [order, await insert(tx, 'comprobante', branch, 'NUEVO', 'WhatsApp', paid, message)])
    })
  }

  async removeOld(): Promise<void> {
    const before = new Date(Date.now() - limits.keptMs)
    await this.#sql`delete from kitchen.actions where done_at < ${before}`
    await this.#sql`delete from kitchen.things where since < ${before} and state in ${this.#sql(finishedStates)}`
  }

  /** `found` is the target, with the order that goes with it. */
  async #do(tx: TransactionSql, action: Action, actor: Actor, found: readonly Thing[]): Promise<readonly Thing[]> {
    if (action.act === 'pedir') {
      const { product, quantity } = action
      const branch = branchOf(action.branch, actor)
      return [await insert(tx, 'reposicion', branch, 'PEDIDA', actor.name, { product, quantity })]
    }
    if (action.act === 'alertar') {
      const { text, priority } = action
      const branch = branchOf(action.branch, actor)
      return [await insert(tx, 'alerta', branch, 'SIN_LEER', actor.name, { text, priority })]
    }
    const { kind, from, to } = steps[action.act]
    const thing = found.find(({ id }) => id === action.target)
    if (thing === undefined || thing.kind !== kind) throw new Problem(404, `No hay ${kind} ${action.target}.`)
    branchOf(thing.branch, actor)
    if (thing.state !== from) {
      throw new Problem(409, `${thing.id} ya está ${stateWord(thing.state).toLowerCase()}, por ${thing.by}.`)
    }
    const reason = action.act === 'rechazar' ? { reason: action.reason } : {}
    const order = found.find(({ id }) => id === thing.details.order)
    return await Promise.all([
      set(tx, thing, to, actor.name, reason),
      ...(order === undefined ? [] : [set(tx, order, orderStates[to] ?? order.state, actor.name, reason)]),
    ])
  }

  /** The record of who did what where is the events themselves. */
  async #tell(tx: TransactionSql, things: readonly Thing[]): Promise<void> {
    await Promise.all(
      things.map((thing) => {
        const { kind, id, branch, state, by } = thing
        return this.#outbox.write(tx, {
          subject: `kitchen.${branch}.${kind}.${id}`,
          type: `${kind}.${state.toLowerCase()}`,
          source: '/kitchen',
          labels: { usuario: by, sucursal: branch, entidad: `${kind} ${id}`, estado: state },
          data: thing,
        })
      }),
    )
  }
}

async function insert(
  tx: TransactionSql,
  kind: Kind,
  branch: Branch,
  state: string,
  by: string,
  details: Details,
  message: string | null = null,
): Promise<Thing> {
  const [thing] = await tx<Thing[]>`
    insert into kitchen.things (id, kind, branch, state, by, details, message)
    values (${`${prefixes[kind]}-`}::text || nextval('kitchen.numbers'), ${kind}, ${branch}, ${state}, ${by},
      ${tx.json(details as never)}, ${message})
    returning ${tx.unsafe(columns)}`
  return there(thing)
}

async function set(
  tx: TransactionSql,
  { id, details }: Thing,
  state: string,
  by: string,
  more: Details,
): Promise<Thing> {
  const [thing] = await tx<Thing[]>`
    update kitchen.things
    set state = ${state}, version = version + 1, since = now(), by = ${by},
      details = ${tx.json({ ...details, ...more } as never)}
    where id = ${id} returning ${tx.unsafe(columns)}`
  return there(thing)
}

/** A thing and, where it names one, its order: locked. */
async function withItsOrder(tx: TransactionSql, id: string): Promise<readonly Thing[]> {
  return await tx<Thing[]>`
    select ${tx.unsafe(columns)} from kitchen.things
    where id in (${id}, (select details ->> 'order' from kitchen.things where id = ${id})) for update`
}

function there(thing: Thing | undefined): Thing {
  if (thing === undefined) throw new Error('Postgres changed nothing.')
  return thing
}

const columns = 'kind, id, branch, state, version, since, by, details'
const prefixes: Readonly<Record<Kind, string>> = { comprobante: 'C', pedido: 'P', alerta: 'A', reposicion: 'R' }

/** What becomes of the order of a voucher. */
const orderStates: Readonly<Record<string, string>> = { APROBADO: 'EN_PREPARACION', RECHAZADO: 'RECHAZADO' }

/** Throws Problem 404 and 403. */
export function branchOf(text: string, { mayIn }: Actor): Branch {
  if (!isBranch(text)) throw new Problem(404, `No hay sucursal ${text}.`)
  if (!mayIn(text)) throw new Problem(403, 'Es de otra sucursal.')
  return text
}
