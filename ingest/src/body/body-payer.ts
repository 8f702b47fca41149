/**
 * Who pays for a body: the sender, with its share of the memory and its rate. One object a sender.
 */
export interface BodyPayer {
  /** Reserves memory, before it is used. Throws `overloaded` when the sender's share is used up. */
  hold(bytes: number): void
  release(bytes: number): void
  /** Takes bytes off the sender's rate. */
  charge(bytes: number): void
  /** Throws `rate_limited` when the sender has used up its rate. */
  checkRate(): void
}
