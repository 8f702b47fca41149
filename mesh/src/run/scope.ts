import type { Logger } from './log.ts'

/**
 * What a service has started, in the order of its start. Start-up is written as a row of steps,
 * each of which gives what the next ones use, so the types prove the order, and the reverse of it
 * is the order of the drain.
 */
export class Scope {
  readonly #log: Logger
  readonly #begun: Step[] = []
  #starting: string | undefined
  #ended = false

  constructor(log: Logger) {
    this.#log = log
  }

  /** The step that is starting, or that could not. */
  get starting(): string | undefined {
    return this.#starting
  }

  /**
   * Starts a step and gives what it made; rejects with what `start` throws. `stop` resolves when
   * what was begun is finished and nothing of the step is left; it is called once, and only after
   * `start` has resolved. Once the scope ends nothing starts, and what was starting is stopped as
   * soon as it has; both reject, so that no later step begins.
   */
  async use<T>(name: string, start: () => T | Promise<T>, stop?: (made: T) => void | Promise<void>): Promise<T> {
    if (this.#ended) throw stopping(name)
    this.#starting = name
    const made = await start()
    this.#starting = undefined
    const step = { name, stop: async () => stop?.(made) }
    if (this.#ended) {
      await this.#stop(step)
      throw stopping(name)
    }
    this.#begun.push(step)
    return made
  }

  /**
   * Stops every step, the last one first; one that fails does not keep the others from it. Says
   * whether all went well.
   */
  async end(): Promise<boolean> {
    this.#ended = true
    let clean = true
    for (const step of this.#begun.splice(0).toReversed()) clean = (await this.#stop(step)) && clean
    return clean
  }

  async #stop({ name, stop }: Step): Promise<boolean> {
    try {
      await stop()
      return true
    } catch (cause) {
      this.#log.error({ err: cause, step: name }, 'a step did not stop')
      return false
    }
  }
}

function stopping(name: string): Error {
  return new Error(`The service stops, so its step "${name}" is not used.`)
}

interface Step {
  readonly name: string
  readonly stop: () => Promise<void>
}
