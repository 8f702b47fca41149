import { MeanRate } from '../data/mean-rate.ts'

/** What the page takes in: the status line's figures, summed over everything that it reads. */
export class Pulse {
  /** Real changes a second, a mean over ten; entries of a snapshot are none. */
  changesPerSecond: number = $state(0)
  conflatedPerSecond: number = $state(0)
  readonly #changes = new MeanRate()
  readonly #conflated = new MeanRate()

  constructor() {
    setInterval(() => {
      const now = performance.now()
      this.changesPerSecond = this.#changes.perSecond(now)
      this.conflatedPerSecond = this.#conflated.perSecond(now)
    }, 1000)
  }

  changed(count: number): void {
    this.#changes.add(count, performance.now())
  }

  conflated(count: number): void {
    this.#conflated.add(count, performance.now())
  }
}
