/** On which servers a stream is: one leads it, and others have a copy that is in step. */
export interface StreamPlace {
  readonly stream: string
  readonly leader: string
  readonly followers: readonly string[]
}

/**
 * Which streams another server is to lead, so that none leads two more than another that could. A
 * stream that lies on one server stays there.
 */
export function leaderMoves(places: readonly StreamPlace[]): ReadonlyMap<string, string> {
  const led = new Map<string, number>()
  for (const { leader } of places) led.set(leader, countOf(leader) + 1)
  const moves = new Map<string, string>()
  // A server that gave one away may be the next to get one, so it takes several rounds.
  for (let isDone = false; !isDone; ) {
    isDone = true
    for (const { stream, leader, followers } of places) {
      const now = moves.get(stream) ?? leader
      const [idlest = now] = [leader, ...followers].toSorted((a, b) => countOf(a) - countOf(b))
      if (countOf(now) - countOf(idlest) < 2) continue
      if (idlest === leader) moves.delete(stream)
      else moves.set(stream, idlest)
      led.set(now, countOf(now) - 1)
      led.set(idlest, countOf(idlest) + 1)
      isDone = false
    }
  }
  return moves

  function countOf(server: string): number {
    return led.get(server) ?? 0
  }
}
