import { limits } from '../../limits.ts'
import type { Cause } from './cause.ts'

/**
 * The states of an alert for one key, and all transitions between them. Times are those at which
 * events were stored, so the same events always lead to the same states; `advance` says that a time
 * has come without an event.
 *
 * | state | condition holds | does not hold | time | resolved by a person |
 * |---|---|---|---|---|
 * | quiet | pending, or firing when `for` is 0 | | pending when absent for long enough; firing when there is no data and that fires | |
 * | pending | | quiet | firing after `for`; quiet when there is no data and that resolves | |
 * | firing | stays, no longer clearing | clearing; quiet when `keepFiringFor` is 0 | quiet after `keepFiringFor` of clearing, or when there is no data and that resolves | muted |
 * | muted | | quiet | | |
 *
 * An event that came late, as one of a backlog, begins no more than pending or clearing, and only
 * time ends that: the newer events of its key that are about to come say what is so now.
 *
 * A change of phase has a cause: the last event of the key and the time that had come. The same
 * events give the same causes.
 *
 * Muted is what keeps an alert that somebody resolved from firing again while its cause is still
 * there.
 */
export type AlertPhase = 'quiet' | 'pending' | 'firing' | 'muted'

export interface AlertTimes {
  readonly absentMs: number | undefined
  readonly forMs: number
  readonly keepFiringForMs: number
  /** What becomes of a key without data, and after how long; undefined lets it stay as it is. */
  readonly noData: NoData | undefined
}

export interface NoData {
  readonly becomes: 'quiet' | 'firing'
  readonly afterMs: number
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

/** A change of the phase of a key. */
export interface PhaseChange {
  readonly cause: Cause
  /** Whether it came from the absence of data alone. */
  readonly noData: boolean
}

export class AlertMachine {
  readonly #times: AlertTimes
  readonly #keysMax: number
  readonly #keys = new Map<string, State>()
  /** Before this time `advance` has nothing to do. */
  #nextMs: number = Number.POSITIVE_INFINITY
  #changed = new Map<string, PhaseChange>()

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
  takeChanged(): ReadonlyMap<string, PhaseChange> {
    const changed = this.#changed
    if (changed.size > 0) this.#changed = new Map()
    return changed
  }

  /**
   * An event of the key came. False when the key is one too many and is not watched.
   *
   * @param late it happened long before it was stored
   */
  observe(key: string, holds: boolean, event: Cause, late = false): boolean {
    this.advance(event.atMs)
    const state = this.#stateOf(key, holds || this.#isKept, event)
    if (state === undefined) return !holds
    state.seenMs = event.atMs
    state.known = event
    const settleMs = late ? limits.lateSettleMs : 0
    if (holds) this.#holds(state, event.atMs, settleMs)
    else this.#ceases(state, settleMs)
    this.#settle(state)
    return true
  }

  /**
   * Takes over what somebody else knows of a key: what a machine that had seen everything up to the
   * cause would be in. False when the key is one too many.
   */
  adopt(key: string, phase: Exclude<AlertPhase, 'pending'>, sinceMs: number, cause: Cause): boolean {
    if (!this.#keys.has(key) && this.#keys.size >= this.#keysMax) return phase === 'quiet'
    const state = newState(key, phase, sinceMs, cause)
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
      for (let due = this.#due(state); due.atMs <= nowMs; due = this.#due(state)) this.#fallsDue(state, due)
      this.#settle(state)
    }
  }

  /** Whether a quiet key has to be remembered, as its silence says something. */
  get #isKept(): boolean {
    return this.#times.absentMs !== undefined || this.#times.noData?.becomes === 'firing'
  }

  #stateOf(key: string, worthWatching: boolean, cause: Cause): State | undefined {
    const known = this.#keys.get(key)
    if (known !== undefined || !worthWatching || this.#keys.size >= this.#keysMax) return known
    const state = newState(key, 'quiet', 0, cause)
    this.#keys.set(key, state)
    return state
  }

  #holds(state: State, sinceMs: number, settleMs = 0): void {
    const { known } = state
    state.clearingMs = undefined
    if (state.phase === 'quiet') {
      state.sinceMs = sinceMs
      this.#enter(state, this.#times.forMs === 0 && settleMs === 0 ? 'firing' : 'pending')
      state.notBeforeMs = sinceMs + settleMs
    } else if (state.phase === 'pending' && settleMs === 0) {
      // What only late events said is so now.
      state.notBeforeMs = known.atMs
    }
    const due = this.#due(state)
    if (state.phase === 'pending' && due.becomes === 'firing' && due.atMs <= known.atMs) this.#enter(state, 'firing')
  }

  #ceases(state: State, settleMs = 0): void {
    if (state.phase !== 'firing') this.#enter(state, 'quiet')
    else if (this.#times.keepFiringForMs === 0 && settleMs === 0) this.#enter(state, 'quiet')
    else {
      const isNew = state.clearingMs === undefined
      state.clearingMs ??= state.known.atMs
      if (isNew || settleMs === 0) state.notBeforeMs = state.known.atMs + settleMs
      if (this.#due(state).atMs <= state.known.atMs) this.#enter(state, 'quiet')
    }
  }

  /** When time alone changes the state, and to what. */
  #due({ phase, sinceMs, clearingMs, notBeforeMs, seenMs }: State): Due {
    const { absentMs, forMs, keepFiringForMs, noData } = this.#times
    const silentMs = noData === undefined ? Number.POSITIVE_INFINITY : seenMs + noData.afterMs
    let due = never
    if (phase === 'pending') due = { atMs: Math.max(sinceMs + forMs, notBeforeMs), becomes: 'firing', noData: false }
    else if (phase === 'firing' && clearingMs !== undefined) {
      due = { atMs: Math.max(clearingMs + keepFiringForMs, notBeforeMs), becomes: 'quiet', noData: false }
    } else if (phase === 'quiet' && absentMs !== undefined) {
      due = { atMs: seenMs + absentMs, becomes: 'pending', noData: false }
    }
    const isLost = noData?.becomes === 'quiet' ? phase === 'firing' || phase === 'pending' : phase === 'quiet'
    if (noData !== undefined && isLost && silentMs < due.atMs) {
      due = { atMs: silentMs, becomes: noData.becomes, noData: true }
    }
    return due
  }

  #fallsDue(state: State, { atMs: dueMs, becomes, noData }: Due): void {
    const { epoch, seq, atMs } = state.known
    state.known = { epoch, seq, atMs: Math.max(atMs, dueMs) }
    if (becomes === 'pending') this.#holds(state, dueMs)
    else {
      if (becomes === 'firing' && state.phase === 'quiet') state.sinceMs = dueMs
      this.#enter(state, becomes, noData)
    }
  }

  /** Because of what is known last. */
  #enter(state: State, phase: AlertPhase, noData = false): void {
    if (state.phase === phase) return
    state.phase = phase
    state.entered = state.known
    state.clearingMs = undefined
    this.#changed.set(state.key, { cause: state.known, noData })
  }

  /** Notes when the key falls due, and forgets it when there is nothing to remember. */
  #settle(state: State): void {
    this.#nextMs = Math.min(this.#nextMs, this.#due(state).atMs)
    if (state.phase === 'quiet' && !this.#isKept) this.#keys.delete(state.key)
  }
}

type State = { -readonly [Field in keyof KeyAlert]: KeyAlert[Field] } & {
  /** Since when a firing alert's condition does not hold any more. */
  clearingMs: number | undefined
  /** Pending and clearing do not end before, as only a late event has begun them. */
  notBeforeMs: number
  /** When its last event was stored. */
  seenMs: number
}

function newState(key: string, phase: AlertPhase, sinceMs: number, cause: Cause): State {
  return {
    key,
    phase,
    sinceMs,
    entered: cause,
    known: cause,
    clearingMs: undefined,
    notBeforeMs: 0,
    seenMs: cause.atMs,
  }
}

interface Due {
  readonly atMs: number
  readonly becomes: 'quiet' | 'pending' | 'firing'
  readonly noData: boolean
}

const never: Due = { atMs: Number.POSITIVE_INFINITY, becomes: 'quiet', noData: false }
