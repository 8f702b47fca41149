/** One row of the results: what was measured, and what stands beside it. */
export interface Figure {
  /** Unlike that of every other figure of the benchmark with the same peer. */
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What each turn gave, when the value was taken of several. */
  readonly spread?: readonly number[]
  readonly peer?: Peer
  readonly budget?: Budget
  /** Conditions, and other numbers of the same measurement. */
  readonly note?: string
  /** Why the figure says nothing: what it was to be measured under did not come about. */
  readonly void?: string | undefined
}

/** What the same work costs by other means, in the same run and unit. */
export interface Peer {
  readonly name: string
  readonly value: number
  /**
   * The figure to the peer, where it was taken turn by turn; else the quotient of the two values.
   */
  readonly ratio?: number
}

/** The value of the figure, or its ratio to the peer, is to be at least, or at most, this. */
export type Budget = ({ readonly atLeast: number } | { readonly atMost: number }) & { readonly of?: 'ratio' }

/** The figure to its peer; undefined without one. */
export function ratioOf({ value, peer }: Figure): number | undefined {
  return peer && (peer.ratio ?? value / peer.value)
}

export function isWithin(figure: Figure): boolean {
  const { budget } = figure
  if (budget === undefined) return true
  const value = budget.of === 'ratio' ? ratioOf(figure) : figure.value
  if (value === undefined || !Number.isFinite(value)) return false
  return 'atLeast' in budget ? value >= budget.atLeast : value <= budget.atMost
}

/** In words, without a verdict: `at least 12`, `at most 1.1 times the peer`. */
export function budgetText(budget: Budget): string {
  const bound = 'atLeast' in budget ? `at least ${grouped(budget.atLeast)}` : `at most ${grouped(budget.atMost)}`
  return budget.of === 'ratio' ? `${bound} times the peer` : bound
}

/**
 * Three significant digits, whole numbers in groups of three digits, no exponent. What is no number
 * has none in JSON either.
 */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return 'none'
  return Math.abs(value) >= 100 ? grouped(Math.round(value)) : String(Number(value.toPrecision(3)))
}

function grouped(value: number): string {
  return value.toLocaleString('en-GB', { maximumFractionDigits: 3 })
}
