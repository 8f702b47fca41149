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
  for (const { leader, followers } of places) {
    for (const server of [leader, ...followers]) led.set(server, led.get(server) ?? 0)
    led.set(leader, countOf(leader) + 1)
  }
  const moves = new Map<string, string>()
  for (const { stream, leader, followers } of places) {
    const idlest = followers.toSorted((a, b) => countOf(a) - countOf(b))[0]
    if (idlest === undefined || countOf(leader) - countOf(idlest) < 2) continue
    moves.set(stream, idlest)
    led.set(leader, countOf(leader) - 1)
    led.set(idlest, countOf(idlest) + 1)
  }
  return moves

  function countOf(server: string): number {
    return led.get(server) ?? 0
  }
}
