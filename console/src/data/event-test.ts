import type { Event } from '@weir/proto'
import { eventKind } from './event-words.ts'
import type { Query } from './query.ts'

/** Whether labels and types of an event are those asked for; the subject is the hub's matter. */
export function eventTest({ labels, types }: Query): ((event: Event) => boolean) | undefined {
  if (labels.length === 0 && types.length === 0) return undefined
  return (event) =>
    labels.every(([name, value]) => event.labels[name] === value) &&
    (types.length === 0 || types.includes(eventKind(event)))
}

/** Whether an entry passes a test. What is no event passes none. */
export function passes(entry: { readonly event: Event }, wanted: (event: Event) => boolean): boolean {
  try {
    return wanted(entry.event)
  } catch {
    return false
  }
}
