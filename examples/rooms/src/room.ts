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
  /** What happens in the time between two reports. */
  readonly #oddsOfSilence: number
  readonly #oddsOfLoss: number
  readonly #oddsOfTip: number
  /** The share of what is missing to its level that comes back. */
  readonly #pull: number
  readonly #unrest: number

  /** @param everySeconds how often it reports; the room lives as fast whatever it is */
  constructor(number: number, everySeconds: number, random: () => number) {
    this.#oddsOfSilence = everySeconds / secondsToSilence
    this.#oddsOfLoss = everySeconds / secondsToLoss
    this.#oddsOfTip = Math.min(1, everySeconds / secondsToTip)
    this.#pull = 1 - Math.exp(-everySeconds / secondsToRecover)
    // Uniform noise of this width keeps the viewers within about the root of their level.
    this.#unrest = Math.sqrt(12 * this.#pull * (2 - this.#pull))
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
    if (chance < this.#oddsOfSilence) this.#silentUntil = now + 40_000 + random() * 20_000
    else if (chance < this.#oddsOfSilence + this.#oddsOfLoss) this.#viewers *= 0.1 + random() * 0.3
    const noise = (random() - 0.5) * this.#unrest * Math.sqrt(this.#level)
    this.#viewers = Math.max(0, this.#viewers + (this.#level - this.#viewers) * this.#pull + noise)
    if (random() < this.#oddsOfTip) {
      this.#tips += 1
      this.#tokens += 5 * Math.ceil(random() ** 4 * 200)
    }
    return {
      room_id: this.#id,
      platform: this.#platform,
      tokens_count: this.#tokens,
      tips_count: this.#tips,
      viewers_count: Math.round(this.#viewers),
      timestamp: new Date(now).toISOString(),
    }
  }
}

// Of a thousand rooms one goes silent every ten seconds, and one loses its viewers every five.
const secondsToSilence = 10_000
const secondsToLoss = 5_000
const secondsToTip = 10
/** After so long two thirds of those who left are back. */
const secondsToRecover = 60
