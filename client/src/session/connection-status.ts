import type { WeirError } from '@weir/proto'
import { callSafely } from '../platform/call-safely.ts'
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
  #tokenError: WeirError | undefined
  #hub: string | undefined
  #attempt = 0
  #retryAtMs: number | undefined
  readonly #watchers: Set<(state: ConnectionState) => void> = new Set()

  get state(): ConnectionState {
    return this.#state
  }

  /** Why the connection was lost or closed the last time. */
  get error(): WeirError | undefined {
    return this.#error
  }

  /**
   * Why getToken gave no token to renew the last one with, or why the hub refused what it gave;
   * undefined once there is a new one. The connection goes on until the last one expires, and
   * getToken is asked again. Watchers are told, with the state as it is.
   */
  get tokenError(): WeirError | undefined {
    return this.#tokenError
  }

  /** The name of the hub that answered last. */
  get hub(): string | undefined {
    return this.#hub
  }

  /** How many attempts in a row have failed; 0 while connected. */
  get attempt(): number {
    return this.#attempt
  }

  /**
   * When the next attempt begins, in milliseconds of the client's clock; undefined while none
   * waits.
   */
  get retryAtMs(): number | undefined {
    return this.#retryAtMs
  }

  subscribe(run: (state: ConnectionState) => void): () => void {
    // One function may be given twice.
    const watcher = (state: ConnectionState) => run(state)
    this.#watchers.add(watcher)
    watcher(this.#state)
    return () => this.#watchers.delete(watcher)
  }

  /** For the connection alone. */
  welcomed(hub: string): void {
    this.#hub = hub
    this.#tokenError = undefined
    this.#attempt = 0
    this.#retryAtMs = undefined
  }

  /** For the connection alone: tell it before `lost`, as watchers read it then. */
  waits(attempt: number, retryAtMs: number | undefined): void {
    this.#attempt = attempt
    this.#retryAtMs = retryAtMs
  }

  /** For the connection alone: why it was lost, when that is found out later. */
  explain(error: WeirError): void {
    this.#error = error
  }

  /** For the connection alone. */
  missesToken(error: WeirError | undefined): void {
    if (error === this.#tokenError) return
    this.#tokenError = error
    this.#tell()
  }

  /** For the connection alone. */
  apply(event: ConnectionEvent, error?: WeirError): void {
    const next = nextState(this.#state, event)
    if (error !== undefined) this.#error = error
    if (next === this.#state) return
    this.#state = next
    this.#tell()
  }

  #tell(): void {
    for (const watcher of this.#watchers) callSafely(watcher, this.#state)
  }
}
