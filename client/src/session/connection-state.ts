/**
 * What the badge of a dashboard shows.
 *
 * - `connecting`: nothing has been received yet.
 * - `live`: every subscription was answered, and the application keeps up.
 * - `behind`: the application takes longer than the hub; the hub holds back and conflates.
 * - `recovering`: the connection was lost, or is back after an outage; subscriptions are being
 *   resumed where they ended.
 * - `offline`: an attempt has failed; the next one follows by itself.
 * - `closed`: for good, by the application or by an error that no attempt can mend.
 *
 * Invariants, proved in connection-state.test.ts over every state and event:
 * 1. `closed` is final, and `ended` leads to it from anywhere.
 * 2. Only `resumed` makes a connection `live` that was not; only `strained` takes it from there to
 *    `behind`.
 * 3. A loss takes `live` and `behind` to `recovering`, and everything else to `offline`.
 * 4. What is `offline` passes through `recovering` before it is `live`.
 */
export type ConnectionState = (typeof connectionStates)[number]

export const connectionStates = ['connecting', 'live', 'behind', 'recovering', 'offline', 'closed'] as const

export type ConnectionEvent = (typeof connectionEvents)[number]

export const connectionEvents = [
  /** The hub has accepted the token. */
  'welcomed',
  /** Every subscription has had its answer since the Welcome. */
  'resumed',
  /** The application holds so much of the window that the hub is about to hold back. */
  'strained',
  /** It has caught up again. */
  'eased',
  /** A connection, or an attempt at one, has ended and may be tried again. */
  'lost',
  /** The application, or an error for good, has ended it. */
  'ended',
] as const

/** The state after an event: pure and total. */
export function nextState(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  return transitions[state][event]
}

const transitions: Readonly<Record<ConnectionState, Readonly<Record<ConnectionEvent, ConnectionState>>>> = {
  connecting: {
    welcomed: 'connecting',
    resumed: 'live',
    strained: 'connecting',
    eased: 'connecting',
    lost: 'offline',
    ended: 'closed',
  },
  live: {
    welcomed: 'live',
    resumed: 'live',
    strained: 'behind',
    eased: 'live',
    lost: 'recovering',
    ended: 'closed',
  },
  behind: {
    welcomed: 'behind',
    resumed: 'behind',
    strained: 'behind',
    eased: 'live',
    lost: 'recovering',
    ended: 'closed',
  },
  recovering: {
    welcomed: 'recovering',
    resumed: 'live',
    strained: 'recovering',
    eased: 'recovering',
    lost: 'offline',
    ended: 'closed',
  },
  offline: {
    welcomed: 'recovering',
    resumed: 'offline',
    strained: 'offline',
    eased: 'offline',
    lost: 'offline',
    ended: 'closed',
  },
  closed: {
    welcomed: 'closed',
    resumed: 'closed',
    strained: 'closed',
    eased: 'closed',
    lost: 'closed',
    ended: 'closed',
  },
}
