/**
 * The states of an alert for one key, and all transitions between them. Times are those at which events were stored, so the
 * same events always lead to the same states; `advance` says that a time has come without an event.
 *
 * | state | condition holds | does not hold | time | resolved by a person |
 * |---|---|---|---|---|
 * | quiet | pending, or firing when `for` is 0 | | pending when absent for long enough | |
 * | pending | | quiet | firing after `for` | |
 * | firing | stays, no longer clearing | clearing; quiet when `keepFiringFor` is 0 | quiet after `keepFiringFor` of clearing | muted |
 * | muted | | quiet | | |
 *
 * Muted is what keeps an alert that somebody resolved from firing again while its cause is still there.
 */
export type AlertPhase = 'quiet' | 'pending' | 'firing' | 'muted'

export interface AlertTimes {
  readonly absentMs: number | undefined
  readonly forMs: number
  readonly keepFiringForMs: number
}

/** What is known of one key. */
export interface KeyAlert {
  readonly key: string
  phase: AlertPhase
  /** Since when the condition holds. */
  sinceMs: number
  /** When the phase was entered. */
  enteredMs: number
}

export class AlertMachine {
  readonly #times: AlertTimes
  readonly #keysMax: number
  readonly #keys = new Map<string, State>()
  /** Before this time `advance` has nothing to do. */
  #nextMs: number = Number.POSITIVE_INFINITY
  #changed = new Set<string>()

  constructor(times: AlertTimes, keysMax: number) {
    this.#times = times
    this.#keysMax = keysMax
  }

  get size(): number {
    return this.#keys.size
  }

  get(key: string): KeyAlert | undefined {
    return this.#keys.get(key)
  }

  /** The keys whose phase has changed since the last call. */
  takeChanged(): ReadonlySet<string> {
    const changed = this.#changed
    if (changed.size > 0) this.#changed = new Set()
    return changed
  }

  /** An event of the key came. False when the key is one too many and is not watched. */
  observe(key: string, holds: boolean, atMs: number): boolean {
    this.advance(atMs)
    const state = this.#stateOf(key, holds || this.#times.absentMs !== undefined, atMs)
    if (state === undefined) return !holds
    state.seenMs = atMs
    if (holds) this.#holds(state, atMs, atMs)
    else this.#ceases(state, atMs)
    this.#settle(state)
    return true
  }

  /** Enters what was known of a key before this machine began: an alert that fires. */
  restore(key: string, sinceMs: number): void {
    const state = this.#stateOf(key, true, sinceMs)
    if (state === undefined || state.phase === 'firing') return
    state.phase = 'firing'
    state.sinceMs = sinceMs
    state.enteredMs = sinceMs
    this.#settle(state)
  }

  /** A person resolved the alert. */
  mute(key: string, atMs: number): void {
    const state = this.#keys.get(key)
    if (state?.phase !== 'firing') return
    // What is silent can only speak again: nothing is left to be watched until then.
    if (this.#times.absentMs !== undefined) this.#keys.delete(key)
    else this.#enter(state, 'muted', atMs)
  }

  /** Time has come so far without an event that is not yet observed. */
  advance(nowMs: number): void {
    if (nowMs < this.#nextMs) return
    this.#nextMs = Number.POSITIVE_INFINITY
    for (const state of this.#keys.values()) {
      for (let due = this.#dueMs(state); due <= nowMs; due = this.#dueMs(state)) this.#fallsDue(state, due)
      this.#settle(state)
    }
  }

  #stateOf(key: string, worthWatching: boolean, atMs: number): State | undefined {
    const known = this.#keys.get(key)
    if (known !== undefined || !worthWatching || this.#keys.size >= this.#keysMax) return known
    const state: State = { key, phase: 'quiet', sinceMs: 0, enteredMs: atMs, clearingMs: undefined, seenMs: atMs }
    this.#keys.set(key, state)
    return state
  }

  #holds(state: State, sinceMs: number, atMs: number): void {
    state.clearingMs = undefined
    if (state.phase !== 'quiet') return
    state.sinceMs = sinceMs
    this.#enter(state, this.#times.forMs === 0 ? 'firing' : 'pending', atMs)
  }

  #ceases(state: State, atMs: number): void {
    if (state.phase !== 'firing') this.#enter(state, 'quiet', atMs)
    else if (this.#times.keepFiringForMs === 0) this.#enter(state, 'quiet', atMs)
    else state.clearingMs ??= atMs
  }

  /** When time alone changes the state. */
  #dueMs({ phase, sinceMs, clearingMs, seenMs }: State): number {
    const { absentMs, forMs, keepFiringForMs } = this.#times
    if (phase === 'pending') return sinceMs + forMs
    if (phase === 'firing' && clearingMs !== undefined) return clearingMs + keepFiringForMs
    if (phase === 'quiet' && absentMs !== undefined) return seenMs + absentMs
    return Number.POSITIVE_INFINITY
  }

  #fallsDue(state: State, dueMs: number): void {
    if (state.phase === 'pending') this.#enter(state, 'firing', dueMs)
    else if (state.phase === 'firing') this.#enter(state, 'quiet', dueMs)
    else this.#holds(state, dueMs, dueMs)
  }

  #enter(state: State, phase: AlertPhase, atMs: number): void {
    if (state.phase === phase) return
    state.phase = phase
    state.enteredMs = atMs
    state.clearingMs = undefined
    this.#changed.add(state.key)
  }

  /** Notes when the key falls due, and forgets it when there is nothing to remember. */
  #settle(state: State): void {
    this.#nextMs = Math.min(this.#nextMs, this.#dueMs(state))
    if (state.phase === 'quiet' && this.#times.absentMs === undefined) this.#keys.delete(state.key)
  }
}

interface State extends KeyAlert {
  /** Since when a firing alert's condition does not hold any more. */
  clearingMs: number | undefined
  /** When its last event was stored. */
  seenMs: number
}
