import type { Identity } from '@weir/mesh'
import type { ServerFrame } from '@weir/proto'
import type { SessionHub } from './session-hub.ts'
import type { Subscriptions } from './subscriptions.ts'

/** The connection that a conversation is held on. */
export interface Party {
  readonly id: string
  readonly hub: SessionHub
  readonly subscriptions: Subscriptions
  /** Undefined until the client has said who it is. */
  readonly identity: Identity | undefined
  /** A token that came with the connection; one that is said on it comes first. */
  readonly outerToken: string | undefined
  readonly isClosed: boolean
  /** Agrees on a window: gives what the client gets of what it wants. */
  openWindow(wanted: number): number
  /** Throws `rate_limited`. */
  admit(identity: Identity, client: string): void
  renew(identity: Identity): void
  notify(frame: ServerFrame['frame']): void
  /** Sends a message of the connection's own protocol. */
  answer(message: Uint8Array): void
  /**
   * Resolves when the socket has taken what it was sent, as far as it must before one more large
   * answer; undefined when it has.
   */
  answersTaken(): Promise<void> | undefined
  /**
   * The client has finished with so many bytes. Throws `malformed` before it has said who it is.
   */
  acknowledge(bytes: number): void
  /** Asks the client to answer, by its dialect. */
  ping(): void
  /** A ping of the hub was answered. */
  ponged(): void
  /** Closes for an error. */
  fail(thrown: unknown): void
}
