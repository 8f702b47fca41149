import type { Sql, TransactionSql } from 'postgres'
import { Problem } from '../../backend/src/problem.ts'
import type { Outbox } from '../../outbox/src/outbox.ts'
import { limits } from './limits.ts'
import { type Category, type Entity, isCategory, nextStates, statesOf, stateWord } from './states.ts'

/** A change that somebody asks for, of the version that they saw. */
export interface Change {
  readonly to: string
  readonly version: number
  readonly by: string
}

/**
 * The truth of all entities. Each change is one transaction with everything that follows from it,
 * and with the events that tell of it.
 */
export class EntityStore {
  readonly #sql: Sql
  readonly #outbox: Outbox

  constructor(sql: Sql, outbox: Outbox) {
    this.#sql = sql
    this.#outbox = outbox
  }

  async migrate(): Promise<void> {
    await this.#sql`
      create table if not exists deliveries.entities (
        category text not null,
        id text not null,
        name text not null,
        state text not null,
        version int not null default 1,
        vehicle text,
        changed_by text not null,
        changed_at timestamptz not null default now(),
        primary key (category, id)
      )`
    await this.#sql`create sequence if not exists deliveries.numbers start 1001`
  }

  /** The open ones first and the newest of them, so that a list does not move under a finger. */
  async list(category: Category): Promise<readonly Entity[]> {
    return await this.#sql<Entity[]>`
      select ${this.#sql.unsafe(columns)} from deliveries.entities
      where category = ${category}
      order by state in ${this.#sql(closed)}, length(id) desc, id desc limit ${limits.listMax}`
  }

  async create(category: Category, name: string, by: string): Promise<Entity> {
    return await this.#outbox.transaction((tx) => this.#insert(tx, category, name, by))
  }

  /**
   * Throws Problem 404, 409 for a state that does not follow, and 412 when somebody else changed
   * the entity since that version, with what it is now.
   */
  async change(category: Category, id: string, { to, version, by }: Change): Promise<Entity> {
    return await this.#outbox.transaction(async (tx) => {
      const [entity] = await tx<Entity[]>`
        select ${tx.unsafe(columns)} from deliveries.entities where category = ${category} and id = ${id} for update`
      if (entity === undefined) throw new Problem(404, `No hay ${category} ${id}.`)
      if (entity.version !== version) {
        throw new Problem(412, `${entity.changedBy} cambió ${id} antes que tú: ahora está ${inWords(entity.state)}.`, {
          current: entity,
        })
      }
      if (!nextStates(category, entity.state).includes(to)) {
        const way = `no puede pasar a «${stateWord(to)}»`
        throw new Problem(409, `${id} está ${inWords(entity.state)}: ${way}.`, { current: entity })
      }
      const vehicle = to === 'ASIGNADA' ? await freeVehicle(tx) : to === 'PROGRAMADO' ? null : entity.vehicle
      const changed = await this.#set(tx, entity, to, by, vehicle)
      await this.#follow(tx, changed, by)
      return changed
    })
  }

  /** Removes what has long come to its end. */
  async removeClosed(): Promise<void> {
    const before = new Date(Date.now() - limits.closedKeptMs)
    await this.#sql`
      delete from deliveries.entities
      where state in ${this.#sql(closed)} and changed_at < ${before}`
  }

  /** What follows from a change: the vehicle goes and comes back, a proforma becomes an entrega. */
  async #follow(tx: TransactionSql, { category, name, state, vehicle }: Entity, by: string): Promise<void> {
    if (category === 'proforma' && state === 'CONVERTIDA') await this.#insert(tx, 'entrega', name, by)
    if (category !== 'entrega' || vehicle === null) return
    if (state !== 'EN_CAMINO' && state !== 'ENTREGADO') return
    const [{ busy } = { busy: false }] = await tx<{ busy: boolean }[]>`
      select exists (select from deliveries.entities
        where category = 'entrega' and state = 'EN_CAMINO' and vehicle = ${vehicle}) as busy`
    const [found] = await tx<Entity[]>`
      select ${tx.unsafe(columns)} from deliveries.entities where category = 'vehiculo' and id = ${vehicle} for update`
    const wanted = busy ? 'En Ruta' : 'Disponible'
    if (found !== undefined && found.state !== wanted) await this.#set(tx, found, wanted, by, null)
  }

  async #insert(tx: TransactionSql, category: Category, name: string, by: string): Promise<Entity> {
    const [state = ''] = statesOf(category)
    const [{ number } = { number: '' }] = await tx<{ number: string }[]>`
      select nextval('deliveries.numbers')::text as number`
    const [entity] = await tx<Entity[]>`
      insert into deliveries.entities (category, id, name, state, changed_by)
      values (${category}, ${`${prefixes[category]}-${number}`}, ${name}, ${state}, ${by})
      returning ${tx.unsafe(columns)}`
    if (entity === undefined) throw new Error('Postgres inserted nothing.')
    await this.#tell(tx, entity, '')
    return entity
  }

  /** The change and its event go to Postgres together, without a wait between them. */
  async #set(tx: TransactionSql, from: Entity, to: string, by: string, vehicle: string | null): Promise<Entity> {
    const [[entity]] = await Promise.all([
      tx<Entity[]>`
        update deliveries.entities
        set state = ${to}, version = version + 1, vehicle = ${vehicle}, changed_by = ${by}, changed_at = now()
        where category = ${from.category} and id = ${from.id}
        returning ${tx.unsafe(columns)}`,
      this.#tell(tx, { ...from, state: to, version: from.version + 1, vehicle, changedBy: by }, from.state),
    ])
    if (entity === undefined) throw new Error('Postgres updated nothing.')
    return entity
  }

  /** The event has the whole entity, so that a page shows it before it has asked for it. */
  #tell(tx: TransactionSql, entity: Entity, from: string): Promise<void> {
    const { category, id, name, state, version, vehicle, changedBy } = entity
    return this.#outbox.write(tx, {
      subject: `deliveries.${category}.${id}`,
      type: `${category}.estado`,
      source: '/deliveries',
      labels: { usuario: changedBy, version: String(version), ...(vehicle === null ? {} : { vehiculo: vehicle }) },
      stateChange: { category, entity: id, from, to: state, code: statesOf(category).indexOf(state), name },
    })
  }
}

const closed = ['ENTREGADO', 'RECHAZADA', 'CONVERTIDA']

const prefixes: Readonly<Record<Category, string>> = { entrega: 'E', proforma: 'P', vehiculo: 'V' }

const columns = 'category, id, name, state, version, vehicle, changed_by as "changedBy", changed_at as "changedAt"'

/**
 * The one that has the least to bring, and of those the one that has waited longest. Throws Problem
 * 409 where all are out.
 */
async function freeVehicle(tx: TransactionSql): Promise<string> {
  const [vehicle] = await tx<{ id: string }[]>`
    select id from deliveries.entities as free where category = 'vehiculo' and state = 'Disponible'
    order by (
      select count(*) from deliveries.entities as load
      where load.category = 'entrega' and load.state = 'ASIGNADA' and load.vehicle = free.id
    ), changed_at limit 1`
  if (vehicle === undefined) throw new Problem(409, 'Ningún vehículo está disponible: espera a que vuelva uno.')
  return vehicle.id
}

function inWords(state: string): string {
  return stateWord(state).toLowerCase()
}

/** Throws Problem 404. */
export function categoryOf(text: string): Category {
  if (isCategory(text)) return text
  throw new Problem(404, `No hay categoría ${text}.`)
}
