/**
 * Lets a few run at one time, and the others wait. Senders take turns, so that who sends many
 * delays itself alone.
 */
export class UnpackSlots {
  #free: number
  /** In the order of their turns. */
  readonly #waiting = new Map<object, (() => void)[]>()

  constructor(atOnce: number) {
    this.#free = atOnce
  }

  async run<T>(sender: object, action: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await this.#turn(sender)
    try {
      return await action()
    } finally {
      this.#next()
    }
  }

  #turn(sender: object): Promise<void> {
    return new Promise((resolve) => {
      const others = this.#waiting.get(sender)
      if (others === undefined) this.#waiting.set(sender, [resolve])
      else others.push(resolve)
    })
  }

  /** Hands the slot on; a sender that has more goes to the end of the line. */
  #next(): void {
    const [first] = this.#waiting
    if (first === undefined) {
      this.#free++
      return
    }
    const [sender, waiting] = first
    const [resume, ...rest] = waiting
    this.#waiting.delete(sender)
    if (rest.length > 0) this.#waiting.set(sender, rest)
    resume?.()
  }
}
