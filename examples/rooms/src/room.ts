import type { Telemetry } from '../extension/src/telemetry.ts'

export const platforms = ['alpha', 'beta', 'gamma'] as const

/** A room that goes on by itself: viewers come and go, tips fall, now and then most leave. */
export class Room {
  readonly #id: string
  readonly #platform: string
  readonly #random: () => number
  /** What its viewers tend to. */
  readonly #level: number
  #viewers: number
  #tokens = 0
  #tips = 0
  /** Until when it says nothing, in milliseconds since 1970. */
  #silentUntil = 0

  constructor(number: number, random: () => number) {
    this.#id = `r${number}`
    this.#platform = platforms[number % platforms.length] ?? 'alpha'
    this.#random = random
    // A few rooms have most of the viewers.
    this.#level = Math.round(100 / (0.025 + random() ** 1.5))
    this.#viewers = this.#level
  }

  /** Its next report; undefined while its streamer is away. */
  next(now: number): Telemetry | undefined {
    if (now < this.#silentUntil) return undefined
    const random = this.#random
    const chance = random()
    if (chance < oddsOfSilence) this.#silentUntil = now + 40_000 + random() * 20_000
    else if (chance < oddsOfSilence + oddsOfLoss) this.#viewers = Math.round(this.#viewers * (0.1 + random() * 0.3))
    const pull = (this.#level - this.#viewers) * 0.005
    this.#viewers = Math.max(0, Math.round(this.#viewers + pull + (random() - 0.5) * Math.sqrt(this.#viewers) * unrest))
    if (random() < 0.05) {
      this.#tips += 1
      this.#tokens += 5 * Math.ceil(random() ** 4 * 200)
    }
    return {
      room_id: this.#id,
      platform: this.#platform,
      tokens_count: this.#tokens,
      tips_count: this.#tips,
      viewers_count: this.#viewers,
      timestamp: new Date(now).toISOString(),
    }
  }
}

// So much that most reports change a number, and so little that no room loses half by chance alone.
const unrest = 0.5

// A thousand rooms with two reports a second each: one goes silent every ten seconds, one loses
// its viewers every five.
const oddsOfSilence = 0.00005
const oddsOfLoss = 0.0001
