/** One run of what is measured. */
export interface Turn {
  readonly value: number
  readonly note: string
}

/** Once, or three times for the best: what else runs on the machine only ever takes away. */
export async function inTurns(quick: boolean, turn: () => Promise<Turn | undefined>): Promise<Best> {
  const turns: Turn[] = []
  for (let at = 0; at < (quick ? 1 : 3); at++) {
    const one = await turn()
    if (one !== undefined) turns.push(one)
  }
  return bestOf(turns)
}

export interface Best {
  readonly best: number
  /** Of the best turn. */
  readonly note: string
  /** All turns, the best first. */
  readonly spread: readonly number[]
}

export function bestOf(turns: readonly Turn[]): Best {
  const sorted = turns.toSorted((a, b) => b.value - a.value)
  const spread = sorted.length > 1 ? sorted.map(({ value }) => value) : []
  return { best: sorted[0]?.value ?? Number.NaN, note: sorted[0]?.note ?? '', spread }
}
