/**
 * How many seconds a chart shows: the shortest span that holds all of its past, so that a young one
 * is not mostly empty, and `most` once that is longer. Times are in seconds since the Unix epoch.
 */
export function chartWindow(first: number | undefined, last: number | undefined, most: number): number {
  const past = first === undefined || last === undefined ? 0 : last - first
  return Math.min(most, spans.find((span) => past <= span) ?? most)
}

const spans = [60, 120, 180, 300, 420, 600] as const

/** "last minute", "last 5 minutes". */
export function windowWords(seconds: number): string {
  return seconds === 60 ? 'last minute' : `last ${Math.round(seconds / 60)} minutes`
}
