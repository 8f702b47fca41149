/**
 * How long to wait before one more try, the first being 0: a random part of a span that doubles up
 * to the most (full jitter), so that those who lost the same peer do not return together.
 *
 * @param random in [0, 1), as Math.random
 */
export function backoffMs(
  attempt: number,
  firstMs: number,
  mostMs: number,
  random: () => number = Math.random,
): number {
  return random() * Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 30))
}
