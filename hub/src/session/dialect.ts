import type { ErrorCode, ServerFrame } from '@weir/proto'
import type { Codec } from '../engine/delivery/codec.ts'
import type { Link } from './link.ts'
import type { Party } from './party.ts'

/**
 * What a connection speaks: the seam at which another protocol stands beside weir.v1. A dialect
 * that keeps nothing of a connection is shared by all.
 */
export interface Dialect {
  /** Encodes batches, once for all of a channel. */
  readonly codec: Codec
  /**
   * What a message asks for, in its order. What gives credit is done at once and is not among it.
   * Throws `malformed`.
   */
  read(message: Uint8Array, party: Party): readonly Request[]
  /**
   * A frame as a message; undefined where the protocol has none for it. The engine may be in the
   * middle of a step: only the subscription that the frame is about may be ended meanwhile.
   */
  write(frame: ServerFrame['frame'], party: Party): Uint8Array | undefined
  /**
   * Called at each heartbeat, so that the client knows that the connection lives; `spoke` says that
   * something was sent since the last one.
   */
  beat(party: Party, spoke: boolean): void
  /** Asks for an answer, which comes once what was sent before was read. */
  ping(link: Link): void
  /** Of RFC 6455 section 7.4. `restart` sends the client to another hub. */
  closeCode(why: ErrorCode | 'restart'): number
}

/** Does what was asked for; the next request of the connection waits for a promise. */
export type Request = () => Promise<void> | undefined
