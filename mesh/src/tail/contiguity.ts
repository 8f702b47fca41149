/**
 * Decides what happens to an arriving entry, from its sequence, the head, and whether entries flow.
 * The function is pure and only compares, as it runs for each event. contiguity.test.ts proves it
 * against this table:
 *
 * | | old: at the head or before | next | past a hole |
 * |---|---|---|---|
 * | flowing | doubt | pass | hold and doubt |
 * | held | doubt | hold | hold |
 *
 * An old entry was repaired before it arrived, or it belongs to another incarnation of the stream,
 * whose sequences would soon pass this head.
 */
export function contiguity(flowing: boolean, head: number, seq: number): Arrival {
  if (seq <= head) return 'doubt'
  if (!flowing) return 'hold'
  return seq === head + 1 ? 'pass' : 'hold and doubt'
}

/** `doubt` stops the flow until the tail has compared itself with the stream. */
export type Arrival = 'pass' | 'hold' | 'doubt' | 'hold and doubt'
