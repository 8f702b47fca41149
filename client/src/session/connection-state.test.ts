import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type ConnectionEvent,
  type ConnectionState,
  connectionEvents,
  connectionStates,
  nextState,
} from './connection-state.ts'

test('the table is total', () => {
  for (const state of connectionStates) {
    for (const event of connectionEvents) assert.ok(connectionStates.includes(nextState(state, event)))
  }
})

test('1: closed is final, and ended leads to it from anywhere', () => {
  for (const event of connectionEvents) assert.equal(nextState('closed', event), 'closed')
  for (const state of connectionStates) assert.equal(nextState(state, 'ended'), 'closed')
})

test('2: only resumed makes live what was not, and only strained takes it to behind', () => {
  assert.deepEqual(edgesTo('live', ['connecting', 'recovering', 'offline', 'closed']), [
    'connecting resumed',
    'recovering resumed',
  ])
  assert.deepEqual(edgesTo('behind', ['connecting', 'live', 'recovering', 'offline', 'closed']), ['live strained'])
})

test('3: a loss takes live and behind to recovering, and everything else to offline', () => {
  const after = connectionStates.map((state) => nextState(state, 'lost'))
  assert.deepEqual(after, ['offline', 'recovering', 'recovering', 'offline', 'offline', 'closed'])
})

test('4: what is offline passes through recovering', () => {
  assert.deepEqual(edgesFrom('offline'), ['recovering', 'closed'])
})

test('a life', () => {
  let state: ConnectionState = 'connecting'
  const seen: ConnectionState[] = [state]
  const life: ConnectionEvent[] = [
    'lost',
    'welcomed',
    'resumed',
    'strained',
    'eased',
    'lost',
    'welcomed',
    'resumed',
    'lost',
    'lost',
    'ended',
  ]
  for (const event of life) {
    const next = nextState(state, event)
    if (next !== state) seen.push(next)
    state = next
  }
  assert.equal(
    seen.join(' '),
    'connecting offline recovering live behind live recovering live recovering offline closed',
  )
})

function edgesTo(target: ConnectionState, from: readonly ConnectionState[]): string[] {
  return from.flatMap((state) =>
    connectionEvents.filter((event) => nextState(state, event) === target).map((event) => `${state} ${event}`),
  )
}

function edgesFrom(state: ConnectionState): ConnectionState[] {
  return [...new Set(connectionEvents.map((event) => nextState(state, event)))].filter((next) => next !== state)
}
