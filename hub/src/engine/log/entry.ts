import type { Removal } from '@weir/proto'

/** An event or a removal, and the place of its encoded form. */
export interface Entry {
  readonly seq: number
  readonly state: SubjectState
  /** The kind of removal; UNSPECIFIED for an event. */
  readonly removal: Removal
  /**
   * The bytes that hold the encoded entry at [start, end), as weir.v1.Batch.entries has it: a
   * segment of the ring, or bytes of the entry's own.
   */
  bytes: Uint8Array
  start: number
  end: number
}

/** The newest entry of a subject, and the channels that it goes to. */
export interface SubjectState {
  readonly subject: string
  latest: Entry | undefined
  /**
   * Index of the router's answer for this subject; valid while the router has the version
   * `routedAt`.
   */
  answer: number
  routedAt: number
}

/** Returns the state of a subject that has no entry and no route yet. */
export function newSubject(subject: string): SubjectState {
  return { subject, latest: undefined, answer: 0, routedAt: -1 }
}

/** Whether a newer entry of the same subject has arrived. */
export function isSuperseded(entry: Entry): boolean {
  return entry.state.latest !== entry
}

/** Whether an entry has no bytes any more: a newer one superseded it after it had left the ring. */
export function isVoid(entry: Entry): boolean {
  return entry.bytes === noBytes
}

/** Releases the bytes of an entry. Its place in the list stays. */
export function makeVoid(entry: Entry): void {
  entry.bytes = noBytes
  entry.start = entry.end = 0
}

const noBytes = new Uint8Array(0)
