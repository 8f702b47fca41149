/** One benchmark: what main.ts runs by its name. */
export interface Benchmark {
  readonly name: string
  /** What it measures, in one line. */
  readonly title: string
  /** Takes so long that it runs only when it is named. */
  readonly onlyByName?: true
  run(options: BenchmarkOptions): Promise<void>
}

export interface BenchmarkOptions {
  /** A second or two a measurement, to see that it runs; the figures are rough then. */
  readonly quick: boolean
  /** Where to write a CPU profile of the hub for each measurement; none when undefined. */
  readonly profiles: string | undefined
  report(figure: Figure): void
}

export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly budget?: Budget
  /** What stands beside it: conditions, other numbers of the same measurement. */
  readonly note?: string
  /** Why the figure says nothing: what it was to be measured under did not come about. */
  readonly void?: string | undefined
}

/** From DESIGN: the figure is to be at least, or at most, this. */
export type Budget = { readonly atLeast: number } | { readonly atMost: number }

export function isWithin(figure: Figure): boolean {
  const { value, budget } = figure
  if (budget === undefined) return true
  return 'atLeast' in budget ? value >= budget.atLeast : value <= budget.atMost
}
