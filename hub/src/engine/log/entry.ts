import type { Removal } from '@weir/proto'

/** An event or a removal, with where its encoded form stands. */
export interface Entry {
  readonly seq: number
  readonly state: SubjectState
  /** UNSPECIFIED for an event. */
  readonly removal: Removal
  /**
   * A segment of the ring, or bytes of its own; the entry as weir.v1.Batch.entries is [start, end)
   * of it.
   */
  bytes: Uint8Array
  start: number
  end: number
}

/** What is known of a subject: its newest entry, and which channels it goes to. */
export interface SubjectState {
  readonly subject: string
  latest: Entry | undefined
  /** Which of the router's answers is its own at the version `routedAt`. */
  answer: number
  routedAt: number
}

/** A subject of which nothing is known yet. */
export function newSubject(subject: string): SubjectState {
  return { subject, latest: undefined, answer: 0, routedAt: -1 }
}

/** Whether a newer entry of the same subject has come. */
export function isSuperseded(entry: Entry): boolean {
  return entry.state.latest !== entry
}

/** Whether an entry's bytes were given back: it was superseded after it had left the ring. */
export function isVoid(entry: Entry): boolean {
  return entry.bytes === noBytes
}

/** Gives the bytes of an entry back; its place in the list stays. */
export function makeVoid(entry: Entry): void {
  entry.bytes = noBytes
  entry.start = entry.end = 0
}

const noBytes = new Uint8Array(0)
