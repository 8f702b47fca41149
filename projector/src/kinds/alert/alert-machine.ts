import type { Cause } from './cause.ts'

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
 * A change of phase has a cause: the last event of the key and the time that had come. The same events give the same causes.
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
  readonly phase: AlertPhase
  /** Since when the condition holds. */
  readonly sinceMs: number
  /** What the phase comes from. */
  readonly entered: Cause
  /** The last that is known: what the phase came from, or a later event that left it as it was. */
  readonly known: Cause
}

export class AlertMachine {
  readonly #times: AlertTimes
  readonly #keysMax: number
  readonly #keys = new Map<string, State>()
  /** Before this time `advance` has nothing to do. */
  #nextMs: number = Number.POSITIVE_INFINITY
  #changed = new Map<string, Cause>()

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

  /** The keys whose phase has changed since the last call, each with what its phase comes from. */
  takeChanged(): ReadonlyMap<string, Cause> {
    const changed = this.#changed
    if (changed.size > 0) this.#changed = new Map()
    return changed
  }

  /** An event of the key came. False when the key is one too many and is not watched. */
  observe(key: string, holds: boolean, event: Cause): boolean {
    this.advance(event.atMs)
    const state = this.#stateOf(key, holds || this.#times.absentMs !== undefined, event)
    if (state === undefined) return !holds
    state.seenMs = event.atMs
    state.known = event
    if (holds) this.#holds(state, event.atMs)
    else this.#ceases(state)
    this.#settle(state)
    return true
  }

  /**
   * Takes over what somebody else knows of a key: what a machine that had seen everything up to the cause would be in. False
   * when the key is one too many.
   */
  adopt(key: string, phase: Exclude<AlertPhase, 'pending'>, sinceMs: number, cause: Cause): boolean {
    if (!this.#keys.has(key) && this.#keys.size >= this.#keysMax) return phase === 'quiet'
    const seenMs = cause.atMs
    const state: State = { key, phase, sinceMs, entered: cause, known: cause, clearingMs: undefined, seenMs }
    this.#keys.set(key, state)
    this.#settle(state)
    return true
  }

  /** A person resolved the alert. */
  mute(key: string): void {
    const state = this.#keys.get(key)
    if (state?.phase === 'firing') this.#enter(state, 'muted')
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

  #stateOf(key: string, worthWatching: boolean, cause: Cause): State | undefined {
    const known = this.#keys.get(key)
    if (known !== undefined || !worthWatching || this.#keys.size >= this.#keysMax) return known
    const seenMs = cause.atMs
    const state: State = {
      key,
      phase: 'quiet',
      sinceMs: 0,
      entered: cause,
      known: cause,
      clearingMs: undefined,
      seenMs,
    }
    this.#keys.set(key, state)
    return state
  }

  #holds(state: State, sinceMs: number): void {
    state.clearingMs = undefined
    if (state.phase !== 'quiet') return
    state.sinceMs = sinceMs
    this.#enter(state, this.#times.forMs === 0 ? 'firing' : 'pending')
  }

  #ceases(state: State): void {
    if (state.phase !== 'firing') this.#enter(state, 'quiet')
    else if (this.#times.keepFiringForMs === 0) this.#enter(state, 'quiet')
    else state.clearingMs ??= state.known.atMs
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
    const { epoch, seq, atMs } = state.known
    state.known = { epoch, seq, atMs: Math.max(atMs, dueMs) }
    if (state.phase === 'pending') this.#enter(state, 'firing')
    else if (state.phase === 'firing') this.#enter(state, 'quiet')
    else this.#holds(state, dueMs)
  }

  /** Because of what is known last. */
  #enter(state: State, phase: AlertPhase): void {
    if (state.phase === phase) return
    state.phase = phase
    state.entered = state.known
    state.clearingMs = undefined
    this.#changed.set(state.key, state.known)
  }

  /** Notes when the key falls due, and forgets it when there is nothing to remember. */
  #settle(state: State): void {
    this.#nextMs = Math.min(this.#nextMs, this.#dueMs(state))
    if (state.phase === 'quiet' && this.#times.absentMs === undefined) this.#keys.delete(state.key)
  }
}

type State = { -readonly [Field in keyof KeyAlert]: KeyAlert[Field] } & {
  /** Since when a firing alert's condition does not hold any more. */
  clearingMs: number | undefined
  /** When its last event was stored. */
  seenMs: number
}
