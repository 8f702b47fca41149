import { clientLimits } from '../limits.ts'
import type { Clock } from '../platform/clock.ts'

/**
 * Tells a dead connection from a quiet one: after a heartbeat of silence it asks for a Ping, and
 * after two and a half it declares the connection dead. After a sleep of the machine the first look
 * finds the silence at once, or asks with a short deadline when it was a short one.
 */
export class Watchdog {
  readonly #clock: Clock
  readonly #heartbeatMs: number
  readonly #events: WatchdogEvents
  #heardAt: number
  /** When the next look is due: a look that comes late tells of a sleep. */
  #lookAt = 0
  /** Something came since the last check. */
  #heardSinceCheck = false
  #cancelCheck = (): void => {}
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
    this.#heardSinceCheck = true
  }

  /** Asks at once; when nothing comes within `wakeMs`, the connection is dead. */
  check(): void {
    this.#cancelCheck()
    this.#heardSinceCheck = false
    this.#events.ping()
    this.#cancelCheck = this.#clock.after(clientLimits.wakeMs, () => {
      if (!this.#heardSinceCheck) this.#die()
    })
  }

  end(): void {
    this.#cancelTimer()
    this.#cancelCheck()
  }

  #arm(): () => void {
    this.#lookAt = this.#clock.now() + this.#heartbeatMs / 2
    return this.#clock.after(this.#heartbeatMs / 2, () => this.#look())
  }

  #look(): void {
    const now = this.#clock.now()
    const silenceMs = now - this.#heardAt
    if (silenceMs >= clientLimits.heartbeatsOfSilence * this.#heartbeatMs) {
      this.#die()
      return
    }
    if (now - this.#lookAt >= clientLimits.sleepMs) this.check()
    else if (silenceMs >= this.#heartbeatMs) this.#events.ping()
    this.#cancelTimer = this.#arm()
  }

  #die(): void {
    this.end()
    this.#events.dead()
  }
}

export interface WatchdogEvents {
  ping(): void
  dead(): void
}
