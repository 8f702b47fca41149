import { setTimeout as sleep } from 'node:timers/promises'
import { create, toBinary } from '@bufbuild/protobuf'
import {
  connectNats,
  createLogger,
  eventStream,
  jetstreamManager,
  type NatsConnection,
  provisionTenant,
} from '@weir/mesh'
import { startNats, type TestNats } from '@weir/mesh/testing'
import { Alert_Status, EventSchema, timestampFromMilliseconds } from '@weir/proto'
import type { AlertSpec } from '../src/declaration/alert-spec.ts'
import { loadProjections } from '../src/declaration/file/load.ts'
import type { EventRecord } from '../src/event/event-record.ts'
import { wholePartition } from '../src/event/partition.ts'
import { AlertLog, recordedAlert } from '../src/kinds/alert/alert-log.ts'
import { AlertProjection } from '../src/kinds/alert/alert-projection.ts'
import { storedEvents } from './stream-contents.ts'

/** For how long the stream of a test remembers ids. */
export const dedupeMs = 100

const log = createLogger('test', 'fatal')

/** Replicas of a rule, the readings of rooms that they watch, and the alerts that they store. */
export class AlertReplicas {
  readonly nc: NatsConnection
  readonly #nats: TestNats
  #tenants = 0
  #replicas: AlertProjection[] = []
  #people: AlertLog[] = []

  private constructor(nats: TestNats, nc: NatsConnection) {
    this.#nats = nats
    this.nc = nc
  }

  static async start(): Promise<AlertReplicas> {
    const nats = await startNats()
    return new AlertReplicas(nats, await connectNats({ url: nats.url, name: 'admin', log }))
  }

  async stop(): Promise<void> {
    this.#close()
    await this.nc.close()
    await this.#nats.stop()
  }

  get tenant(): string {
    return `t${this.#tenants}`
  }

  /** Leaves all that was, for a tenant in which nothing is stored. */
  async begin(): Promise<void> {
    this.#close()
    this.#tenants++
    await provisionTenant(this.nc, this.tenant, {
      eventsMaxBytes: 8_000_000,
      eventsMaxAgeMs: 3_600_000,
      replicas: 1,
      buckets: [{ name: 'alerts', ttlMs: 3_600_000, maxBytes: 8_000_000 }],
    })
    // What is told once must not depend on how long the stream remembers ids.
    const { streams } = await jetstreamManager(this.nc)
    const stream = eventStream(this.tenant)
    const { config } = await streams.info(stream)
    await streams.update(stream, { ...config, duplicate_window: dedupeMs * 1e6 })
  }

  /** One more replica, of this rule over the rooms. */
  async replica(rule = "when: 'metrics.celsius > 30'"): Promise<AlertProjection> {
    const text = `projections: [{ name: hot, kind: alert, from: 'rooms.>', key: '{1}', ${rule} }]`
    const spec = loadProjections(text, 'projections.yaml')[0] as AlertSpec
    const made = new AlertProjection({ nc: this.nc, tenant: this.tenant, spec, partition: wholePartition, log })
    this.#replicas.push(made)
    await made.open()
    return made
  }

  /** What people change alerts by. */
  people(): AlertLog {
    const people = new AlertLog(this.nc, this.tenant)
    this.#people.push(people)
    return people
  }

  /** Stores readings of rooms; resolves with what the stream made of them. */
  store(...told: readonly (readonly [room: string, celsius: number])[]): Promise<readonly EventRecord[]> {
    return this.#store(told.map(([room, celsius]) => ({ room, celsius })))
  }

  /** The same of one room, with readings that happened so long before they are stored. */
  storeAged(...told: readonly (readonly [celsius: number, agoMs: number])[]): Promise<readonly EventRecord[]> {
    return this.#store(told.map(([celsius, agoMs]) => ({ room: 'r1', celsius, agoMs })))
  }

  /** All that was stored, readings and alerts. */
  stored(): Promise<readonly EventRecord[]> {
    return storedEvents(this.nc, this.tenant)
  }

  /** The story of all alerts, as it was stored. */
  async story(): Promise<readonly string[]> {
    return (await this.stored()).flatMap(({ payload }) => {
      const { key, status, by } = recordedAlert(0, payload).alert
      if (status === Alert_Status.UNSPECIFIED) return []
      return [`${key} ${Alert_Status[status]}${by === '' ? '' : ` by ${by}`}`]
    })
  }

  /** What was told, each with its message. */
  async messages(): Promise<readonly string[]> {
    return (await this.stored()).flatMap(({ event }) => {
      if (event.data.case !== 'alert') return []
      const { rule, key, status, message } = event.data.value
      const reason = event.labels.reason === undefined ? '' : ` (${event.labels.reason})`
      return [`${rule} ${key} ${Alert_Status[status]}: ${message}${reason}`]
    })
  }

  async #store(readings: readonly StoredReading[]): Promise<readonly EventRecord[]> {
    const before = (await this.#rooms()).length
    for (const { room, celsius, agoMs } of readings) {
      const time = agoMs === undefined ? undefined : timestampFromMilliseconds(Date.now() - agoMs)
      const event = create(EventSchema, {
        ...(time === undefined ? {} : { time }),
        data: { case: 'reading', value: { metrics: { celsius } } },
      })
      await this.nc.request(`ev.${this.tenant}.rooms.${room}`, toBinary(EventSchema, event))
    }
    return (await this.#rooms()).slice(before)
  }

  async #rooms(): Promise<readonly EventRecord[]> {
    return (await this.stored()).filter(({ subject }) => subject.startsWith('rooms.'))
  }

  #close(): void {
    for (const each of [...this.#replicas, ...this.#people]) each.close()
    this.#replicas = []
    this.#people = []
  }
}

interface StoredReading {
  readonly room: string
  readonly celsius: number
  /** Of its time; without it, it has none. */
  readonly agoMs?: number
}

export async function until(probe: () => Promise<boolean>): Promise<void> {
  while (!(await probe())) await sleep(10)
}

export async function give(projection: AlertProjection, events: readonly EventRecord[]): Promise<void> {
  for (const event of events) {
    await projection.take(event, false)
    await flushed(projection, event.storedAtMs)
  }
}

/** Time for what is on its way: what must not be told would be told by then. */
export async function settled(projection: AlertProjection, nowMs: number, event?: EventRecord): Promise<void> {
  if (event !== undefined) await projection.take(event, false)
  for (const end = performance.now() + 100; performance.now() < end; await sleep(5)) projection.idle(nowMs)
  await flushed(projection, nowMs)
}

/** Ticks until everything is told, as the run of a projection does. */
async function flushed(projection: AlertProjection, nowMs: number): Promise<void> {
  const ticks = setInterval(() => projection.idle(nowMs), 5)
  await projection.flushed().finally(() => clearInterval(ticks))
}
