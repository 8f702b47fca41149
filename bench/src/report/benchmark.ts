import type { Figure } from './figure.ts'

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
  /**
   * A second or two a measurement, to see that it runs; the figures are rough then, and are not
   * recorded.
   */
  readonly quick: boolean
  /** Where to write a CPU profile of the hub for each measurement; none when undefined. */
  readonly profiles: string | undefined
  /** A row of the results. */
  report(figure: Figure): void
  /** A line for who looks on: one turn of several. */
  progress(line: string): void
}
