import type { RequestTally } from '../../answers/dialect.ts'
import type { Outcome } from '../../encode/outcome.ts'

/** What a request of remote write holds, of each kind, for what its answer says was written. */
export class WriteTally implements RequestTally {
  samples = 0
  histograms = 0
  exemplars = 0
  /** Indexes of records that are histograms. */
  readonly isHistogram: Set<number> = new Set()

  /** Of 2.0; what was passed over on purpose, as stale markers are, counts as written. */
  headers({ rejected }: Outcome): Readonly<Record<string, string>> {
    let histograms = this.histograms
    let samples = this.samples
    for (const { index } of rejected) {
      if (this.isHistogram.has(index)) histograms--
      else samples--
    }
    return {
      'x-prometheus-remote-write-samples-written': String(Math.max(0, samples)),
      'x-prometheus-remote-write-histograms-written': String(Math.max(0, histograms)),
      'x-prometheus-remote-write-exemplars-written': '0',
    }
  }
}
