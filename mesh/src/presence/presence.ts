import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { create, toBinary } from '@bufbuild/protobuf'
import { headers, type NatsConnection } from '@nats-io/nats-core'
import { type Event, EventSchema, timestampFromMilliseconds } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { meshBucketName, sourceSubject } from '../streams/layout.ts'

/** How loaded a service is. */
export interface Load {
  /** What is so now. */
  readonly now: Readonly<Record<string, number>>
  /** What was counted since the start; it is told as `<name>_per_second` of the time between. */
  readonly totals: Readonly<Record<string, number>>
  /** Units (UCUM) of what is no plain count. */
  readonly units: Readonly<Record<string, string>>
}

export interface PresenceOptions {
  readonly nc: NatsConnection
  readonly service: 'hub' | 'ingest' | 'projector'
  /** One token of a subject. */
  readonly name: string
  readonly version: string
  readonly load: () => Load
}

/**
 * Says every few seconds in the mesh bucket that this service is there, and how loaded it is: an
 * event under the key `<service>.<name>`, which goes with the bucket's TTL when the service does.
 * Administrators subscribe to it as the source `mesh`.
 */
export class Presence {
  readonly #options: PresenceOptions
  readonly #key: string
  readonly #started: string = new Date().toISOString()
  #timer: ReturnType<typeof setInterval> | undefined
  #before: Readonly<Record<string, number>> = {}
  #beforeMs: number = performance.now()

  constructor(options: PresenceOptions) {
    this.#options = options
    this.#key = `${sourceSubject('', meshBucketName)}.${options.service}.${options.name}`
  }

  start(): void {
    this.#say()
    this.#timer = setInterval(() => this.#say(), limits.presenceEveryMs)
  }

  /** Takes the service out of the mesh at once. */
  close(): void {
    clearInterval(this.#timer)
    const { nc } = this.#options
    const mark = headers()
    mark.set('KV-Operation', 'DEL')
    if (!nc.isClosed()) nc.publish(this.#key, '', { headers: mark })
  }

  /** Without an acknowledgement: what is lost is said again in a moment. */
  #say(): void {
    const { nc } = this.#options
    if (!nc.isClosed()) nc.publish(this.#key, toBinary(EventSchema, this.#event()))
  }

  #event(): Event {
    const { service, name, version, load } = this.#options
    const { now, totals, units } = load()
    const metrics: Record<string, number> = { ...now }
    const unitsOfAll: Record<string, string> = { ...units }
    const atMs = performance.now()
    const seconds = Math.max(1, atMs - this.#beforeMs) / 1000
    for (const [counted, total] of Object.entries(totals)) {
      metrics[`${counted}_per_second`] = Math.max(0, Math.round((total - (this.#before[counted] ?? 0)) / seconds))
      unitsOfAll[`${counted}_per_second`] = `${units[counted] ?? '1'}/s`
      delete unitsOfAll[counted]
    }
    this.#before = totals
    this.#beforeMs = atMs
    return create(EventSchema, {
      type: `weir.${service}`,
      source: `${service}/${name}`,
      time: timestampFromMilliseconds(Date.now()),
      labels: { [service]: name, version, started: this.#started },
      data: { case: 'reading', value: { metrics, units: unitsOfAll } },
    })
  }
}

/**
 * A name for a service that was given none: the machine's, or the pod's, and what tells two
 * processes on it apart.
 */
export function presenceName(): string {
  const host = hostname().replaceAll(/[^A-Za-z0-9_=-]/g, '-')
  return `${host.slice(0, limits.presenceHostMax)}-${randomUUID().slice(0, 4)}`
}
