import type { Identity, Logger, Publisher, PublishQuota } from '@weir/mesh'
import type { Sources } from '../sources/sources.ts'
import type { Admission } from './admission.ts'
import type { SubscriptionBounds } from './subscriptions.ts'

/** What a session needs of its hub. */
export interface SessionHub {
  readonly hubName: string
  readonly settings: SessionSettings
  readonly sources: Sources
  /** Stores what clients publish. */
  readonly publisher: Publisher
  /** How much they may publish. */
  readonly publishQuota: PublishQuota
  readonly log: Logger
  /** Whose token it is. Throws `unauthenticated`, `token_expired`, `revoked` or `unavailable`. */
  identify(token: string): Promise<Identity>
  /** Who may come in. */
  readonly admission: Pick<Admission, 'enterTenant'>
  /** Milliseconds that only grow. */
  now(): number
  /** Greater than all before. */
  nextSession(): number
  /** The hub closes a connection with this code. */
  onClose(code: number): void
}

export interface SessionSettings extends SubscriptionBounds {
  readonly framesPerSecond: number
  readonly windowBytesMax: number
  readonly highWaterBytes: number
  readonly heartbeatMs: number
  /** How long a publication to a Centrifuge client may wait for others. */
  readonly gatherMs: number
  readonly stallMs: number
  /** 0: a connection may last for ever. */
  readonly maxConnectionAgeMs: number
}
