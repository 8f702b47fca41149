import type { Ledgers } from './ledgers.ts'
import type { Random } from './random.ts'

/**
 * One connection of a restless client, whatever carries it. After `close` no ledger hears of it any
 * more.
 */
export interface Reading {
  /** The close code, when it is over. */
  readonly ended: Promise<number>
  close(): void
  /** Acknowledges what it owes. */
  acknowledgeAll(): void
}

/** What a connection knows of who reads by it. */
export interface Reader {
  readonly name: string
  readonly token: string
  readonly habit: Habit
  readonly random: Random
  readonly ledgers: readonly Ledgers[]
  /** From now on everything is acknowledged at once. */
  readonly isCalm: boolean
  fault(words: string): void
  /** The hub asks to connect elsewhere after so many milliseconds. */
  goaway(reconnectAfterMs: number): void
}

export interface Habit {
  readonly by: 'weir.v1' | 'weir.v1.json' | 'SSE'
  readonly windowBytes: number
  /** At most so late; undefined is never. */
  readonly acknowledgesAfterMs: number | undefined
  /** How long it stays about; undefined is for ever. */
  readonly staysMs: number | undefined
  /** How long it is away at most. */
  readonly awayMs: number
  /** The share of its returns with which it begins anew instead of resuming. */
  readonly forgets: number
}
