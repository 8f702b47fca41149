/**
 * What becomes of an entry that arrives, by where it stands and whether entries flow. Pure, and
 * decided by comparisons alone, as it runs for each event; the table that it stands for is proved
 * in contiguity.test.ts.
 *
 * | | old: at the head or before | next | past a hole |
 * |---|---|---|---|
 * | flowing | doubt | pass | hold and doubt |
 * | held | doubt | hold | hold |
 *
 * An old one was repaired already, or is of another incarnation, which would soon go past the head
 * of this one.
 */
export function contiguity(flowing: boolean, head: number, seq: number): Arrival {
  if (seq <= head) return 'doubt'
  if (!flowing) return 'hold'
  return seq === head + 1 ? 'pass' : 'hold and doubt'
}

/** `doubt`: nothing flows any more until it was compared with the stream. */
export type Arrival = 'pass' | 'hold' | 'doubt' | 'hold and doubt'
