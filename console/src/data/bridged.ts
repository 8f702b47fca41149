/**
 * The values of even steps, with a line drawn over steps without one where they lie as close as is
 * usual in this series: that is how often it comes. A longer silence stays a gap.
 */
export function bridged(values: readonly (number | null)[]): (number | null)[] {
  const known = [...values.keys()].filter((at) => values[at] !== null)
  const apart = known.slice(1).map((at, index) => at - (known[index] ?? 0))
  const usual = apart.toSorted((a, b) => a - b)[(apart.length - 1) >> 1] ?? 0
  const most = Math.min(4 * usual, values.length / 2)
  const filled = [...values]
  for (const [index, length] of apart.entries()) {
    const from = known[index] ?? 0
    const [begin, end] = [values[from] ?? 0, values[from + length] ?? 0]
    if (length > most) continue
    for (let step = 1; step < length; step++) filled[from + step] = begin + ((end - begin) * step) / length
  }
  return filled
}
