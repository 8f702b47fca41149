import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs } from '@weir/proto'
import { nowMicros } from '../frames/bench-event.ts'
import type { Reopened } from './load-plan.ts'
import type { SubscriberSocket } from './subscriber-socket.ts'

/**
 * Opens sockets again whenever their connection ends, with the waits of the client: none where the
 * hub had asked for it, else a random part of a span that doubles. It counts how often they try.
 */
export class KeptOpen {
  readonly #attempts: Map<number, number> = new Map()
  #ended = 0
  #away = 0
  #backAtMicros = 0

  constructor(sockets: readonly SubscriberSocket[]) {
    for (const socket of sockets) {
      socket.isKept = true
      socket.onClose = () => void this.#reopen(socket)
    }
  }

  read(): Reopened {
    const [ended, away, backAtMicros] = [this.#ended, this.#away, this.#backAtMicros]
    return { attempts: [...this.#attempts], ended, away, backAtMicros, atMicros: nowMicros() }
  }

  async #reopen(socket: SubscriberSocket): Promise<void> {
    this.#ended++
    this.#away++
    // Until it has subscribed, its further ends are those of this loop.
    socket.onClose = undefined
    for (let failures = socket.wasAsked ? -1 : 0; ; failures++) {
      if (failures >= 0) await sleep(backoffMs(failures, reconnectBaseMs, reconnectMaxMs))
      const tenth = Math.floor(nowMicros() / 100_000)
      this.#attempts.set(tenth, (this.#attempts.get(tenth) ?? 0) + 1)
      try {
        await socket.open()
        break
      } catch {
        // Refused, or cut off: the next attempt follows.
      }
    }
    socket.onClose = () => void this.#reopen(socket)
    this.#away--
    this.#backAtMicros = nowMicros()
  }
}

// As in client/src/limits.ts.
const reconnectBaseMs = 500
const reconnectMaxMs = 30_000
