import { limits } from '../limits.ts'

/** Draws what waits in the next frames, first come, first drawn. */
class DrawQueue {
  /** How many of those that wait are drawn in one frame. */
  readonly #perFrame: (waiting: number) => number
  /** Each tile waits at most once, so the queue is as long as the board. */
  #waiting: (() => void)[] = []
  #asked = false

  constructor(perFrame: (waiting: number) => number) {
    this.#perFrame = perFrame
  }

  add(action: () => void): void {
    this.#waiting.push(action)
    if (!this.#asked) this.#ask()
  }

  #ask(): void {
    this.#asked = true
    requestAnimationFrame(() => {
      this.#asked = false
      const count = this.#perFrame(this.#waiting.length)
      const now = this.#waiting.slice(0, count)
      this.#waiting = this.#waiting.slice(count)
      for (const each of now) each()
      if (this.#waiting.length > 0) this.#ask()
    })
  }
}

const soon = new DrawQueue(() => limits.tilesDrawnPerFrame)
const spread = new DrawQueue((waiting) => Math.ceil(waiting / limits.spreadFrames))

/**
 * Draws in the next frame, or in a later one when many wait: a thousand tiles that change at once
 * take some frames instead of holding one up.
 */
export function drawSoon(action: () => void): void {
  soon.add(action)
}

/**
 * Draws within `limits.spreadFrames` frames or little more, as few tiles in each as that takes: for
 * what is written anew a few times a second, and is a lot.
 */
export function drawSpread(action: () => void): void {
  spread.add(action)
}
