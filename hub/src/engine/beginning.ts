import { type Cursor, cursorToWire, Mode, Start } from '@weir/proto'
import { positionAt } from './advance.ts'
import type { EntryLog } from './entry-log.ts'
import type { SourceCounters } from './source-counters.ts'
import type { Subscriber } from './subscriber.ts'

/** Puts a new subscriber where its cursor, or its mode without one, says, and tells it with Subscribed. */
export function begin(
  log: EntryLog,
  subscriber: Subscriber,
  cursor: Cursor | undefined,
  counters: SourceCounters,
): void {
  if (cursor?.epoch === log.epoch) resume(log, subscriber, cursor.seq)
  else if (subscriber.mode === Mode.LATEST) beginSnapshot(log, subscriber)
  else if (cursor !== undefined) beginEpoch(log, subscriber, counters)
  else subscribed(log, subscriber, Start.HEAD)
}

/** After another incarnation of the stream has begun: everyone begins again, as the mode asks. */
export function beginAgain(log: EntryLog, subscriber: Subscriber, counters: SourceCounters): void {
  if (subscriber.mode === Mode.LATEST) beginSnapshot(log, subscriber)
  else beginEpoch(log, subscriber, counters)
}

/** From here on it gets the whole latest state, and replaces by it what it holds. */
export function beginSnapshot(log: EntryLog, subscriber: Subscriber): void {
  const { position, channel } = subscriber
  Object.assign(position, positionAt(0))
  position.uncountedTo = log.completeFrom
  position.snapshotAt = channel.seq
  subscribed(log, subscriber, Start.SNAPSHOT)
}

/** Moves a subscriber past what it will not get. */
export function passGap(
  { receiver, id, position }: Subscriber,
  to: number,
  reason: 'retention' | 'epoch',
  counters: SourceCounters,
): void {
  counters.gaps++
  const from = BigInt(position.seq)
  receiver.notify({ case: 'gap', value: { $typeName: 'weir.v1.Gap', id, from, to: BigInt(to), reason } })
  position.seq = to
}

function resume(log: EntryLog, subscriber: Subscriber, seq: number): void {
  const { position, mode } = subscriber
  const memoryFrom = mode === Mode.LATEST ? log.latestFrom : log.completeFrom
  if (mode === Mode.LATEST && seq < log.removalsFrom) {
    beginSnapshot(log, subscriber)
    return
  }
  position.seq = seq
  if (seq < log.completeFrom) position.uncountedTo = log.completeFrom
  subscribed(log, subscriber, seq < memoryFrom ? Start.STREAM : Start.MEMORY)
}

/** The entries of another incarnation are gone; this one is read from its beginning. */
function beginEpoch(log: EntryLog, subscriber: Subscriber, counters: SourceCounters): void {
  Object.assign(subscriber.position, positionAt(0))
  subscribed(log, subscriber, log.completeFrom > 0 ? Start.STREAM : Start.MEMORY)
  passGap(subscriber, 0, 'epoch', counters)
}

function subscribed(log: EntryLog, { receiver, id, channel, position }: Subscriber, start: Start): void {
  const cursor = cursorToWire({ epoch: log.epoch, seq: position.seq })
  receiver.notify({
    case: 'subscribed',
    value: { $typeName: 'weir.v1.Subscribed', id, channel: channel.number, cursor, start },
  })
}
