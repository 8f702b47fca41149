import type { Sql, TransactionSql } from 'postgres'
import { Problem } from '../../backend/src/problem.ts'
import type { Outbox } from '../../outbox/src/outbox.ts'
import { type Branch, isBranch } from './branches.ts'
import { limits } from './limits.ts'
import { type Action, type Details, type Kind, steps, type Thing } from './thing.ts'
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

  async all(branch: Branch): Promise<readonly Thing[]> {
    return await this.#sql<Thing[]>`
      select ${this.#sql.unsafe(columns)} from kitchen.things where branch = ${branch} order by since`
  }

  /** Does what a person wants, once for an id. Throws Problem 403, 404 and 409. */
  async act(action: Action, actor: Actor): Promise<Thing> {
    return await this.#outbox.transaction(async (tx) => {
      const [first] = await tx`
        insert into kitchen.actions (id) values (${action.id}) on conflict do nothing returning id`
      if (first === undefined) {
        const [done] = await tx<{ result: Thing }[]>`select result from kitchen.actions where id = ${action.id}`
        if (done !== undefined) return done.result
      }
      const result = await this.#do(tx, action, actor)
      await tx`update kitchen.actions set result = ${tx.json(result as never)} where id = ${action.id}`
      return result
    })
  }

  /** A voucher with the order that it pays for; what was taken already is passed over. */
  async takeVoucher({ message, branch, customer, items, amount }: VoucherMessage): Promise<void> {
    await this.#outbox.transaction(async (tx) => {
      const [known] = await tx`select 1 from kitchen.things where message = ${message}`
      if (known !== undefined) return
      const details = { customer, items, amount }
      const order = await this.#insert(tx, 'pedido', branch, 'PENDIENTE', 'WhatsApp', details)
      await this.#insert(tx, 'comprobante', branch, 'NUEVO', 'WhatsApp', { ...details, order: order.id }, message)
    })
  }

  async removeOld(): Promise<void> {
    const before = new Date(Date.now() - limits.keptMs)
    await this.#sql`delete from kitchen.actions where done_at < ${before}`
    await this.#sql`delete from kitchen.things where since < ${before} and state in ${this.#sql(finished)}`
  }

  async #do(tx: TransactionSql, action: Action, actor: Actor): Promise<Thing> {
    if (action.act === 'pedir' || action.act === 'alertar') {
      const branch = branchOf(action.branch, actor)
      if (action.act === 'pedir') {
        const { product, quantity } = action
        return await this.#insert(tx, 'reposicion', branch, 'PEDIDA', actor.name, { product, quantity })
      }
      const { text, priority } = action
      return await this.#insert(tx, 'alerta', branch, 'SIN_LEER', actor.name, { text, priority })
    }
    const { kind, from, to } = steps[action.act]
    const thing = await find(tx, action.target)
    if (thing === undefined || thing.kind !== kind) throw new Problem(404, `No hay ${kind} ${action.target}.`)
    branchOf(thing.branch, actor)
    if (thing.state !== from) throw new Problem(409, `${thing.id} ya está ${thing.state}, por ${thing.by}.`)
    const reason = action.act === 'rechazar' ? { reason: action.reason } : {}
    const changed = await this.#set(tx, thing, to, actor.name, reason)
    const order = thing.details.order === undefined ? undefined : await find(tx, thing.details.order)
    if (order !== undefined) await this.#set(tx, order, orderStates[to] ?? order.state, actor.name, reason)
    return changed
  }

  async #insert(
    tx: TransactionSql,
    kind: Kind,
    branch: Branch,
    state: string,
    by: string,
    details: Details,
    message: string | null = null,
  ): Promise<Thing> {
    const [{ number } = { number: '' }] = await tx<{ number: string }[]>`
      select nextval('kitchen.numbers')::text as number`
    const [thing] = await tx<Thing[]>`
      insert into kitchen.things (id, kind, branch, state, by, details, message)
      values (${`${prefixes[kind]}-${number}`}, ${kind}, ${branch}, ${state}, ${by}, ${tx.json(details as never)}, ${message})
      returning ${tx.unsafe(columns)}`
    return await this.#tell(tx, thing)
  }

  async #set(tx: TransactionSql, { id, details }: Thing, state: string, by: string, more: Details): Promise<Thing> {
    const [thing] = await tx<Thing[]>`
      update kitchen.things
      set state = ${state}, version = version + 1, since = now(), by = ${by},
        details = ${tx.json({ ...details, ...more } as never)}
      where id = ${id} returning ${tx.unsafe(columns)}`
    return await this.#tell(tx, thing)
  }

  /** The record of who did what where is the event itself. */
  async #tell(tx: TransactionSql, thing: Thing | undefined): Promise<Thing> {
    if (thing === undefined) throw new Error('Postgres changed nothing.')
    const { kind, id, branch, state, by } = thing
    await this.#outbox.write(tx, {
      subject: `kitchen.${branch}.${kind}.${id}`,
      type: `${kind}.${state.toLowerCase()}`,
      source: '/kitchen',
      labels: { usuario: by, sucursal: branch, entidad: `${kind} ${id}`, estado: state },
      data: thing,
    })
    return thing
  }
}

const columns = 'kind, id, branch, state, version, since, by, details'
const finished = ['APROBADO', 'RECHAZADO', 'ENTREGADO', 'LEIDA', 'ATENDIDA']
const prefixes: Readonly<Record<Kind, string>> = { comprobante: 'C', pedido: 'P', alerta: 'A', reposicion: 'R' }

/** What becomes of the order of a voucher. */
const orderStates: Readonly<Record<string, string>> = { APROBADO: 'EN_PREPARACION', RECHAZADO: 'RECHAZADO' }

async function find(tx: TransactionSql, id: string): Promise<Thing | undefined> {
  const [thing] = await tx<Thing[]>`select ${tx.unsafe(columns)} from kitchen.things where id = ${id} for update`
  return thing
}

/** Throws Problem 404 and 403. */
export function branchOf(text: string, { mayIn }: Actor): Branch {
  if (!isBranch(text)) throw new Problem(404, `No hay sucursal ${text}.`)
  if (!mayIn(text)) throw new Problem(403, 'Es de otra sucursal.')
  return text
}
