import { clientLimits } from '../limits.ts'
import type { Clock } from '../platform/clock.ts'

/**
 * Tells a dead connection from a quiet one: after a heartbeat of silence it asks for a Ping, and after two and a half it
 * declares the connection dead. After a sleep of the machine the first look finds the silence at once.
 */
export class Watchdog {
  readonly #clock: Clock
  readonly #heartbeatMs: number
  readonly #events: WatchdogEvents
  #heardAt: number
  #cancelTimer: () => void

  constructor(clock: Clock, heartbeatMs: number, events: WatchdogEvents) {
    this.#clock = clock
    this.#heartbeatMs = heartbeatMs
    this.#events = events
    this.#heardAt = clock.now()
    this.#cancelTimer = this.#arm()
  }

  /** A message came. */
  heard(): void {
    this.#heardAt = this.#clock.now()
  }

  end(): void {
    this.#cancelTimer()
  }

  #arm(): () => void {
    return this.#clock.after(this.#heartbeatMs / 2, () => this.#look())
  }

  #look(): void {
    const silenceMs = this.#clock.now() - this.#heardAt
    if (silenceMs >= clientLimits.heartbeatsOfSilence * this.#heartbeatMs) {
      this.#events.dead()
      return
    }
    if (silenceMs >= this.#heartbeatMs) this.#events.ping()
    this.#cancelTimer = this.#arm()
  }
}

export interface WatchdogEvents {
  ping(): void
  dead(): void
}
