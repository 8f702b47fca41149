import type { Event } from '@weir/proto'
import { eventKind } from './event-words.ts'
import { isWanted, type Query } from './query.ts'

/** Whether labels and types of an event are those asked for; the subject is the hub's matter. */
export function eventTest(query: Query): ((event: Event) => boolean) | undefined {
  if (query.labels.length === 0 && query.types.length === 0) return undefined
  return (event) => isWanted(query, event.labels, eventKind(event))
}

/** Whether an entry passes a test. What is no event passes none. */
export function passes(entry: { readonly event: Event }, wanted: (event: Event) => boolean): boolean {
  try {
    return wanted(entry.event)
  } catch {
    return false
  }
}
