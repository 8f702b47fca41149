/** How far something is behind the head of its source. */
export interface Lag {
  /** Entries of the source, whether they match or not. */
  readonly entries: number
  /** The age of the first of them. */
  readonly ms: number
}
