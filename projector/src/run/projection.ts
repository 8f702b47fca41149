import type { EventRecord } from '../event/event-record.ts'
import type { ReadWants } from '../log/start-sequence.ts'

/**
 * What one kind of projection does with events; `ProjectionRun` reads them for it. Events come one
 * after the other in the order of their sequence, each once between `open` and `close`; after a
 * restart they come again from an earlier place.
 */
export interface Projection extends ReadWants {
  /**
   * How often the position is stored, where that is not `limits.checkpointMs`: what a crash makes
   * it read again, and how old it looks to who reads the position.
   */
  readonly checkpointMs?: number
  readonly effects: Effects
  /**
   * Learns what is there already. Rejects when that is impossible at the moment; it is tried again.
   */
  open(): Promise<void>
  /**
   * Takes the place of `open` when what is stored was made by another declaration, for a projection
   * that has no rebuilding.
   */
  openAnew?(): Promise<void>
  /**
   * Whether what it stores is the same in whatever order events of different streams come; by
   * default it is not.
   */
  readonly takesAnyOrder?: boolean
  /** How its target is filled anew from the events; undefined when it can do nothing but go on. */
  readonly rebuilding: Rebuilding | undefined
  /**
   * Takes the next event. A returned promise holds the reader back. What it throws as WeirError
   * sends the event to the dead letters.
   *
   * @param repeated the event is from before the position: its effects are out, only the memory of
   *   it is needed.
   */
  take(record: EventRecord, repeated: boolean): void | Promise<void>
  /** Everything that was stored until now has been taken. Called a few times a second. */
  idle(nowMs: number): void
  /**
   * Whether many events that are stored are still to be taken. Told a few times a second to a
   * projection of which each value comes of many events: it writes less often meanwhile.
   */
  setBehind?(isBehind: boolean): void
  /** What people should look at, though nothing waits for it. */
  concern?(): string | undefined
}

/** What a projection makes of the events, on its way to where it is kept. */
export interface Effects {
  /** Resolves when the effects of everything that was taken before this call are stored. */
  flushed(): Promise<void>
  /** Why they have to wait, while they do. */
  blocked(): string | undefined
  /**
   * Which incarnation of the target they are written to: another one must be filled from the
   * beginning. 0 while unknown.
   */
  targetEpoch(): Promise<number>
  close(): void
}

/**
 * A rebuild: `begin` takes the place of `open`, then come all events that are stored, then
 * `finish`.
 */
export interface Rebuilding {
  begin(): Promise<void>
  /**
   * Makes the target what the events say.
   *
   * @param source the incarnation of the events, and the first that are still stored: what came
   *   from earlier ones stays
   */
  finish(source: { readonly epoch: number; readonly firstSeq: number }): Promise<Readonly<Record<string, number>>>
}
