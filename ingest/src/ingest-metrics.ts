import type { Counter, Histogram, Load, Metrics } from '@weir/mesh'
import type { Outcome } from './encode/outcome.ts'

/** What ingest counts. Updated once a request, never once an event. */
export class IngestMetrics {
  readonly #metrics: Metrics
  /** By path and status. */
  readonly #requests = new Map<string, Map<number, number>>()
  readonly #rejected: Counter<'code'>
  readonly #seconds: Histogram
  #duplicates = 0
  #exemplars = 0
  readonly #totals = { requests: 0, accepted: 0, rejected: 0, body_bytes: 0 }
  #readHeldBytes: () => number = () => 0
  #readMqtt: () => number = () => 0

  constructor(metrics: Metrics) {
    this.#metrics = metrics
    metrics.counter('requests_total', 'Requests by path and status.', ['path', 'status'], (counter) => {
      counter.reset()
      for (const [path, byStatus] of this.#requests) {
        for (const [status, count] of byStatus) counter.inc({ path, status }, count)
      }
    })
    const accepted = 'Events that are in the stream, duplicates among them.'
    metrics.reading('events_accepted_total', accepted, () => this.#totals.accepted)
    const duplicates = 'Accepted events that the stream had already.'
    metrics.reading('events_duplicate_total', duplicates, () => this.#duplicates)
    this.#rejected = metrics.counter('events_rejected_total', 'Events that were not stored, by error code.', ['code'])
    const exemplars = 'Exemplars of remote write that came and are not kept.'
    metrics.reading('exemplars_dropped_total', exemplars, () => this.#exemplars)
    metrics.reading('body_bytes_total', 'Bytes of bodies, unpacked.', () => this.#totals.body_bytes)
    this.#seconds = metrics.histogram('request_seconds', 'From the first look at a request to its answer.', buckets)
  }

  /** How loaded this ingest is, as it tells the mesh. */
  get load(): Load {
    return {
      now: { held_bytes: this.#readHeldBytes(), mqtt_connections: this.#readMqtt() },
      totals: { ...this.#totals },
      units: { held_bytes: 'By', body_bytes: 'By' },
    }
  }

  /**
   * `path` is the pattern of the endpoint, so that it has few values; `traceId` is that of a span
   * of the request.
   */
  answered(path: string, status: number, seconds: number, traceId: string | undefined): void {
    this.#totals.requests++
    let byStatus = this.#requests.get(path)
    if (byStatus === undefined) {
      byStatus = new Map()
      this.#requests.set(path, byStatus)
    }
    byStatus.set(status, (byStatus.get(status) ?? 0) + 1)
    this.#seconds.observe(seconds, traceId)
  }

  body(bytes: number): void {
    this.#totals.body_bytes += bytes
  }

  /** Not kept, as an event has no place for them. */
  exemplars(dropped: number): void {
    this.#exemplars += dropped
  }

  /** Reads at each scrape what is reserved for bodies under way. */
  watchHeldBytes(read: () => number): void {
    this.#readHeldBytes = read
    const help = 'Memory that is reserved for bodies under way.'
    this.#metrics.gauge('held_bytes', help, [], (gauge) => gauge.set(read()))
  }

  /** Reads at each scrape how many connections of MQTT there are. */
  watchMqtt(read: () => number): void {
    this.#readMqtt = read
    this.#metrics.gauge('mqtt_connections', 'Connections of MQTT.', [], (gauge) => gauge.set(read()))
  }

  stored({ accepted, duplicates, rejected }: Outcome): void {
    this.#totals.accepted += accepted
    this.#totals.rejected += rejected.length
    this.#duplicates += duplicates
    for (const { code } of rejected) this.#rejected.inc({ code })
  }
}

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
