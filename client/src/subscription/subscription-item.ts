import type { ConnectionState } from '../session/connection-state.ts'
import type { Entry } from './entry.ts'

/**
 * What a subscription gives, in the order in which it happened. With `decode`, entries have a value
 * or are invalid.
 */
export type SubscriptionItem<Value = undefined> =
  | ([Value] extends [undefined] ? Entry : (Entry & { readonly value: Value }) | Invalid)
  | Removed
  | GapItem
  | Reset
  | StateChanged

/** An entry of which `decode` could make no value. */
export interface Invalid {
  readonly type: 'invalid'
  readonly entry: Entry
  /** For people. */
  readonly reason: string
  /** What the function threw, or the validator's issues. */
  readonly cause: unknown
}

/** The subject has no value any more. */
export interface Removed {
  readonly type: 'removed'
  readonly subject: string
  readonly seq: number
  readonly reason: 'deleted' | 'expired'
}

/** Entries with sequences in (from, to] that match will not come. */
export interface GapItem {
  readonly type: 'gap'
  readonly from: number
  readonly to: number
  /**
   * `retention`: the stream no longer has them. `epoch`: the stream was made anew, so the sequences
   * are of two streams. `superseded`: the bucket keeps the newest of each key alone, which follow;
   * older ones may be missing. `unavailable`, or what a newer hub says. `unannounced`: the hub went
   * on elsewhere without a word.
   */
  readonly reason: string
}

/** The whole latest state follows: replace what you hold for this subscription. */
export interface Reset {
  readonly type: 'reset'
}

/**
 * The connection has changed its state. When several changes wait to be read, only the last is
 * given.
 */
export interface StateChanged {
  readonly type: 'state'
  readonly state: ConnectionState
}
