import type { Metrics } from '../run/metrics.ts'

/** What a publisher counts; read at each scrape, so that publishing pays nothing for it. */
export interface PublisherCounts {
  readonly inFlight: number
  readonly inFlightBytes: number
  readonly publishes: number
  readonly retries: number
}

export function exportPublisher(metrics: Metrics, read: () => PublisherCounts): void {
  metrics.gauge('publish_in_flight', 'Messages that the store has not answered yet.', [], (gauge) =>
    gauge.set(read().inFlight),
  )
  metrics.gauge('publish_in_flight_bytes', 'Payload bytes of those messages.', [], (gauge) =>
    gauge.set(read().inFlightBytes),
  )
  metrics.reading('publishes_total', 'Messages given to the store.', () => read().publishes)
  metrics.reading('publish_retries_total', 'Messages sent again because no answer came.', () => read().retries)
}
