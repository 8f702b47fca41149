/**
 * Lets requests that arrive in one turn of the event loop go on together. The NATS client writes to
 * its socket once for all that is published before it gets a microtask: at full load of requests of
 * one event, that is one write for 40 requests.
 */
export class EventLoopTurn {
  #over: Promise<void> | undefined

  /** Resolves at the end of the turn. */
  over(): Promise<void> {
    this.#over ??= new Promise((resolve) => {
      atEndOfTurn(() => {
        this.#over = undefined
        resolve()
      })
    })
    return this.#over
  }
}

/** Node, Bun and Deno have setImmediate; elsewhere a turn ends with the shortest timer. */
const atEndOfTurn: (run: () => void) => unknown = globalThis.setImmediate ?? ((run: () => void) => setTimeout(run, 0))
