import { create } from '@bufbuild/protobuf'
import { eventShards, eventStream, streamState } from '@weir/mesh'
import { type Event, EventSchema, encodeEvent, formatDuration, timestampFromMilliseconds } from '@weir/proto'
import { BucketTarget, type BucketTargetOptions } from '../../bucket/bucket-target.ts'
import { DirtyKeys } from '../../bucket/dirty-keys.ts'
import { FoldedValues } from '../../bucket/folded-values.ts'
import { OverflowLog } from '../../bucket/overflow-log.ts'
import { type CountSpec, totalMetric } from '../../declaration/count-spec.ts'
import { ClockSkew } from '../../event/clock-skew.ts'
import type { EventRecord } from '../../event/event-record.ts'
import { Turn } from '../../event/turn.ts'
import { limits } from '../../limits.ts'
import type { Projection, Rebuilding } from '../../run/projection.ts'
import { EntityStates, type Group } from './entity-states.ts'

export interface CountStats {
  /** Events that say nothing of a state. */
  ignored: number
  /** Events that happened before what is known of their entity. */
  outdated: number
  /** Events that were older than the TTL when they were stored. */
  late: number
  /** Events of entities that were not counted because there are too many. */
  overflowed: number
}

/**
 * Writes how many entities are in each state, by key. The entities are in memory alone: after a
 * restart the events of one TTL are read again, and the stamps in the bucket tell which values are
 * old news. Every replica reads all entities, as one may move from a key of another replica to one
 * of its own, and writes its own keys.
 */
export class CountProjection implements Projection {
  readonly warmUpMs: number
  readonly reachMs: number
  readonly target: BucketTarget
  readonly effects: FoldedValues
  readonly rebuilding: Rebuilding
  readonly stats: CountStats = { ignored: 0, outdated: 0, late: 0, overflowed: 0 }
  readonly skew: ClockSkew = new ClockSkew()
  readonly #options: BucketTargetOptions
  readonly #spec: CountSpec
  readonly #overflow: OverflowLog
  readonly #entities: EntityStates
  readonly #dirty: DirtyKeys
  readonly #turn = new Turn()
  /** How long the stream keeps events; 0 without a bound, or while that is not known. */
  #eventsAgeMs = 0

  constructor(options: BucketTargetOptions & { readonly spec: CountSpec }) {
    const { spec, log } = options
    this.#options = options
    this.#spec = spec
    this.#overflow = new OverflowLog(log, spec.name, 'there are too many entities to count; declare a shorter TTL')
    this.#entities = new EntityStates(spec.ttlMs, limits.countEntitiesMax, (key) => {
      if (this.target.owns(key)) this.#dirty.add(key)
    })
    this.warmUpMs = spec.ttlMs + Math.max(limits.countExpiryStepMs, spec.ttlMs / limits.countExpirySteps)
    this.reachMs = this.warmUpMs + limits.skewMaxMs
    this.target = new BucketTarget(options)
    this.#dirty = new DirtyKeys(spec.everyMs, limits.countEntitiesMax, (keys) => this.#write(keys), limits.dirtyKeyMs)
    this.effects = new FoldedValues(this.target, this.#dirty, () => this.#forget())
    this.rebuilding = this.effects.rebuilding
  }

  async open(): Promise<void> {
    await this.effects.open()
    const { nc, tenant } = this.#options
    const [shard = tenant] = await eventShards(nc, tenant)
    this.#eventsAgeMs = (await streamState(nc, eventStream(shard))).maxAgeMs
  }

  take(record: EventRecord): void | Promise<void> {
    const { epoch, seq, storedAtMs, happenedAtMs: timeMs } = record
    if (this.#turn.isPast(record)) return
    const { entity, state, key } = this.#spec
    const named = state.stateOf(record)
    if (named === undefined) this.stats.ignored++
    else {
      const about = { entity: entity.keyOf(record), state: named, group: key.keyOf(record) }
      this.#count(this.#entities.take({ ...about, timeMs, storedAtMs, epoch, seq }))
      this.skew.note(record)
    }
    this.#turn.moveTo(record)
    return this.target.relief()
  }

  /**
   * The clock of the machine is not the one that stored the events, so entities expire by it with a
   * margin.
   */
  idle(nowMs: number): void {
    this.#entities.advance(nowMs - limits.skewMaxMs)
  }

  setBehind(isBehind: boolean): void {
    this.#dirty.setBehind(isBehind)
  }

  concern(): string | undefined {
    const { ttlMs } = this.#spec
    if (this.#eventsAgeMs === 0 || this.#eventsAgeMs >= ttlMs) return undefined
    return `after a restart entities count for ${formatDuration(this.#eventsAgeMs)} alone, as long as the stream keeps events, not for ${formatDuration(ttlMs)}`
  }

  #forget(): void {
    this.#entities.clear()
    this.#turn.forget()
  }

  #count(taken: 'counted' | 'outdated' | 'expired' | 'full'): void {
    if (taken === 'outdated') this.stats.outdated++
    else if (taken === 'expired') this.stats.late++
    else if (taken === 'full') {
      this.stats.overflowed++
      this.#overflow.say()
    }
  }

  #write(keys: Iterable<string>): void {
    for (const key of keys) {
      const group = this.#entities.group(key)
      if (group === undefined) continue
      const payload = encodeEvent(countEvent(group, this.#spec.states))
      this.target.put(key, group.stamp, group.newestMs, payload)
    }
  }
}

/**
 * The value of a group: a reading of how many entities are in each state, and of `total`. Of too
 * many states those of most entities are named.
 *
 * @param states that are counted; all when undefined
 */
function countEvent(group: Group, states: readonly string[] | undefined): Event {
  const { key, counts, stamp, newestMs } = group
  const counted =
    states === undefined
      ? [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
      : states.map((state): [string, number] => [state, counts.get(state) ?? 0])
  const total = counted.reduce((sum, [, count]) => sum + count, 0)
  const time = timestampFromMilliseconds(newestMs)
  // Entries are defined, not assigned, so a state may be called `__proto__`.
  const metrics = Object.fromEntries([[totalMetric, total], ...counted.slice(0, limits.countStatesMax)])
  return create(EventSchema, {
    id: `${key}@${stamp.seq}`,
    type: 'weir.count',
    ...(time === undefined ? {} : { time }),
    data: { case: 'reading', value: { $typeName: 'weir.v1.Reading', metrics, units: {}, times: {}, integers: {} } },
  })
}
