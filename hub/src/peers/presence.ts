import { create, toBinary } from '@bufbuild/protobuf'
import { headers, meshBucketName, type NatsConnection, sourceSubject } from '@weir/mesh'
import { type Event, EventSchema, timestampFromMilliseconds } from '@weir/proto'
import manifest from '../../package.json' with { type: 'json' }
import type { Hub } from '../hub/hub.ts'
import { limits } from '../limits.ts'

/**
 * Says every few seconds in the mesh bucket that this hub is there, and how loaded it is: an event
 * under the key `hub.<name>`, which goes with the bucket's TTL when the hub does. Administrators
 * subscribe to it as the source `mesh`.
 */
export class Presence {
  readonly #nc: NatsConnection
  readonly #hub: Hub
  readonly #started: string = new Date().toISOString()
  #timer: NodeJS.Timeout | undefined
  #deliveries = 0
  #conflated = 0
  #at: number

  constructor(nc: NatsConnection, hub: Hub) {
    this.#nc = nc
    this.#hub = hub
    this.#at = hub.now()
  }

  start(): void {
    this.#say()
    this.#timer = setInterval(() => this.#say(), limits.presenceEveryMs)
  }

  /** Takes the hub out of the mesh at once. */
  close(): void {
    clearInterval(this.#timer)
    const mark = headers()
    mark.set('KV-Operation', 'DEL')
    if (!this.#nc.isClosed()) this.#nc.publish(this.#key, '', { headers: mark })
  }

  /** Without an acknowledgement: what is lost is said again in a moment. */
  #say(): void {
    if (!this.#nc.isClosed()) this.#nc.publish(this.#key, toBinary(EventSchema, this.#event()))
  }

  get #key(): string {
    return `${sourceSubject('', meshBucketName)}.hub.${this.#hub.hubName}`
  }

  #event(): Event {
    const { hubName, sources, admission, budget, socketBytes } = this.#hub
    const now = this.#hub.now()
    const { deliveries, conflated } = sources.totals
    const seconds = Math.max(1, now - this.#at) / 1000
    const delivered = (deliveries - this.#deliveries) / seconds
    const leftOut = (conflated - this.#conflated) / seconds
    this.#deliveries = deliveries
    this.#conflated = conflated
    this.#at = now
    const metrics = {
      connections: admission.connections,
      subscriptions: 0,
      behind: 0,
      channels: 0,
      delivered_per_second: Math.round(delivered),
      conflated_per_second: Math.round(leftOut),
      ring_bytes: budget.ringBytes,
      latest_bytes: budget.keptBytes,
      socket_bytes: socketBytes,
    }
    for (const { source } of sources) {
      metrics.subscriptions += source.subscriberCount
      metrics.behind += source.behindCount
      metrics.channels += source.channelCount
    }
    const units = {
      ring_bytes: 'By',
      latest_bytes: 'By',
      socket_bytes: 'By',
      delivered_per_second: '1/s',
      conflated_per_second: '1/s',
    }
    return create(EventSchema, {
      type: 'weir.hub',
      source: `hub/${hubName}`,
      time: timestampFromMilliseconds(Date.now()),
      labels: { hub: hubName, version: manifest.version, started: this.#started },
      data: { case: 'reading', value: { metrics, units } },
    })
  }
}
