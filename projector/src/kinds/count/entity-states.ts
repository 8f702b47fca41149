import type { ValueStamp } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import { totalMetric } from '../../declaration/count-spec.ts'
import { limits } from '../../limits.ts'

/** What an event says of an entity. */
export interface EntityEvent {
  readonly entity: string
  /** Empty when there is no such entity any more. */
  readonly state: string
  /** The key under which the entity is counted. */
  readonly group: string
  /** When it happened: never after it was stored. */
  readonly timeMs: number
  readonly storedAtMs: number
  readonly epoch: number
  readonly seq: number
}

/** The entities of one key. */
export interface Group {
  readonly key: string
  /** How many entities are in each state; none of them is 0. */
  readonly counts: ReadonlyMap<string, number>
  /** What changed the counts last. */
  readonly stamp: Required<ValueStamp>
  /** When the newest event of the key happened. */
  readonly newestMs: number
}

/** What `take` did with an event. */
export type Taken = 'counted' | 'outdated' | 'expired' | 'full'

/**
 * The state of each entity, and how many are in each by key. The state of an entity is that of its
 * event which happened last, and of two at the same time that which came later. An entity is
 * forgotten when that event is older than the TTL, by the clock of the stream; any event that could
 * contradict it then is too old itself. So what is counted follows from the events of one TTL,
 * whatever order they came in and wherever in the stream the reading began.
 */
export class EntityStates {
  readonly #ttlMs: number
  readonly #entitiesMax: number
  /** Times at which entities expire are rounded up to a multiple of this. */
  readonly #stepMs: number
  readonly #entities = new Map<string, Entity>()
  readonly #groups = new Map<string, MutableGroup>()
  /** Groups of which nobody is a member; they are kept while their value may still be stored. */
  readonly #empty = new Set<MutableGroup>()
  /** Entities by the time at which they expire. */
  readonly #due = new Map<number, Set<Entity>>()
  #nextDueMs: number = Number.POSITIVE_INFINITY
  readonly #onChanged: (key: string) => void

  /**
   * @param entitiesMax of further ones nothing is taken
   * @param onChanged is called with the key of a group whose value is another one
   */
  constructor(ttlMs: number, entitiesMax: number, onChanged: (key: string) => void) {
    this.#onChanged = onChanged
    this.#ttlMs = ttlMs
    this.#entitiesMax = entitiesMax
    this.#stepMs = Math.max(limits.countExpiryStepMs, Math.ceil(ttlMs / limits.countExpirySteps))
  }

  get size(): number {
    return this.#entities.size
  }

  group(key: string): Group | undefined {
    return this.#groups.get(key)
  }

  /** Events have to come in the order in which they were stored. */
  take(event: EntityEvent): Taken {
    const { entity: name, state, timeMs, storedAtMs } = event
    checkState(state)
    this.advance(storedAtMs)
    const dueMs = this.#dueOf(timeMs)
    if (dueMs <= storedAtMs) return 'expired'
    let entity = this.#entities.get(name)
    if (entity === undefined) {
      if (this.#entities.size >= this.#entitiesMax) return 'full'
      entity = { name, group: this.#groupOf(event.group), state: '', timeMs, dueMs }
      this.#entities.set(name, entity)
      entity.group.members++
      this.#schedule(entity)
    } else {
      if (timeMs < entity.timeMs) return 'outdated'
      entity.timeMs = timeMs
      if (entity.dueMs !== dueMs) {
        this.#due.get(entity.dueMs)?.delete(entity)
        entity.dueMs = dueMs
        this.#schedule(entity)
      }
    }
    this.#move(entity, event)
    return 'counted'
  }

  /** The clock of the stream has come so far. */
  advance(nowMs: number): void {
    if (nowMs < this.#nextDueMs) return
    const times = [...this.#due.keys()].sort((a, b) => a - b)
    for (const dueMs of times) {
      if (dueMs > nowMs) break
      for (const entity of this.#due.get(dueMs) ?? []) this.#expire(entity)
      this.#due.delete(dueMs)
    }
    this.#nextDueMs = times.find((dueMs) => dueMs > nowMs) ?? Number.POSITIVE_INFINITY
    for (const group of this.#empty) if (this.#dueOf(group.newestMs) <= nowMs) this.#forget(group)
  }

  clear(): void {
    this.#entities.clear()
    this.#groups.clear()
    this.#empty.clear()
    this.#due.clear()
    this.#nextDueMs = Number.POSITIVE_INFINITY
  }

  #dueOf(timeMs: number): number {
    return Math.ceil((timeMs + this.#ttlMs) / this.#stepMs) * this.#stepMs
  }

  #schedule(entity: Entity): void {
    const { dueMs } = entity
    const known = this.#due.get(dueMs)
    if (known === undefined) {
      this.#due.set(dueMs, new Set([entity]))
      this.#nextDueMs = Math.min(this.#nextDueMs, dueMs)
    } else known.add(entity)
  }

  #groupOf(key: string): MutableGroup {
    let group = this.#groups.get(key)
    if (group === undefined) {
      group = { key, counts: new Map(), members: 0, stamp: { epoch: 0, seq: 0, atMs: 0 }, newestMs: 0 }
      this.#groups.set(key, group)
    }
    this.#empty.delete(group)
    return group
  }

  #move(entity: Entity, event: EntityEvent): void {
    const { group: from, state } = entity
    const to = from.key === event.group ? from : this.#groupOf(event.group)
    if (from !== to || state !== event.state) {
      count(from, state, -1)
      count(to, event.state, 1)
      entity.state = event.state
    }
    if (from !== to) {
      entity.group = to
      to.members++
      this.#leave(from)
      this.#note(from, event)
    }
    this.#note(to, event)
  }

  #note(group: MutableGroup, { epoch, seq, timeMs }: EntityEvent): void {
    group.stamp = { epoch, seq, atMs: 0 }
    if (timeMs > group.newestMs) group.newestMs = timeMs
    this.#onChanged(group.key)
  }

  #expire({ name, group, state, dueMs }: Entity): void {
    this.#entities.delete(name)
    this.#leave(group)
    if (state === '') return
    count(group, state, -1)
    group.stamp = { ...group.stamp, atMs: dueMs }
    this.#onChanged(group.key)
  }

  #leave(group: MutableGroup): void {
    if (--group.members === 0) this.#empty.add(group)
  }

  /** Its value has expired by now. */
  #forget(group: MutableGroup): void {
    this.#empty.delete(group)
    this.#groups.delete(group.key)
  }
}

interface Entity {
  readonly name: string
  group: MutableGroup
  /** Empty when the entity is gone, which is remembered for what comes late. */
  state: string
  timeMs: number
  dueMs: number
}

interface MutableGroup extends Group {
  readonly counts: Map<string, number>
  stamp: Required<ValueStamp>
  newestMs: number
  /** Entities that have this group, those that are gone included. */
  members: number
}

function count({ counts }: MutableGroup, state: string, by: 1 | -1): void {
  if (state === '') return
  const now = (counts.get(state) ?? 0) + by
  if (now === 0) counts.delete(state)
  else counts.set(state, now)
}

function checkState(state: string): void {
  if (state === totalMetric) {
    throw new WeirError(
      'invalid',
      `A state cannot be called "${totalMetric}", as the sum of all is; name it otherwise.`,
    )
  }
  if (state.length > limits.countStateLengthMax) {
    throw new WeirError('invalid', `A state has at most ${limits.countStateLengthMax} characters.`)
  }
}
