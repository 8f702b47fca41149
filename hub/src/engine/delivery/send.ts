import type { Batch } from './batch.ts'
import type { SourceCounters } from './source-counters.ts'
import type { Subscriber } from './subscriber.ts'

/**
 * Sends a batch to those of some subscribers that can take it, and counts it. Batches leave the hub
 * through this function only. Returns the subscribers that could not take it, in an array that is
 * valid until the next call.
 *
 * Budget: 60 ns a subscriber beside the system call (bench/src/fan-out.bench.ts).
 */
export function send(
  batch: Batch,
  subscribers: readonly Subscriber[],
  counters: SourceCounters,
): readonly Subscriber[] {
  refused.length = 0
  const entries = batch.entries.length
  for (let place = subscribers.length - 1; place >= 0; place--) {
    const subscriber = subscribers[place] as Subscriber
    const { receiver } = subscriber
    const bytes = batch.bytesFor(receiver.codec)
    if (!receiver.take(bytes, entries)) refused.push(subscriber)
  }
  const taken = subscribers.length - refused.length
  if (taken > 0) {
    counters.batches++
    counters.deliveries += entries * taken
    counters.conflated += batch.head.conflated * taken
  }
  return refused
}

const refused: Subscriber[] = []
