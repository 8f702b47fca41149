import type { WeirError } from '@weir/proto'
import { callSafely } from './call-safely.ts'
import { type ConnectionEvent, type ConnectionState, nextState } from './connection-state.ts'

/** A value that can be watched: the contract of Svelte's stores. */
export interface Readable<Value> {
  /** Calls `run` at once and after each change, until what is returned is called. */
  subscribe(run: (value: Value) => void): () => void
}

/** The state of a connection, for a badge. */
export class ConnectionStatus implements Readable<ConnectionState> {
  #state: ConnectionState = 'connecting'
  #error: WeirError | undefined
  readonly #watchers: Set<(state: ConnectionState) => void> = new Set()

  get state(): ConnectionState {
    return this.#state
  }

  /** Why the connection was lost or closed the last time. */
  get error(): WeirError | undefined {
    return this.#error
  }

  subscribe(run: (state: ConnectionState) => void): () => void {
    // One function may be given twice.
    const watcher = (state: ConnectionState) => run(state)
    this.#watchers.add(watcher)
    watcher(this.#state)
    return () => this.#watchers.delete(watcher)
  }

  /** For the connection alone. */
  apply(event: ConnectionEvent, error?: WeirError): void {
    const next = nextState(this.#state, event)
    if (error !== undefined) this.#error = error
    if (next === this.#state) return
    this.#state = next
    for (const watcher of this.#watchers) callSafely(watcher, next)
  }
}
