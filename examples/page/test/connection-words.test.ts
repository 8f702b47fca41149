import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionStates } from '@weir/client'
import { connectionWords } from '../src/connection-words.ts'

test('each state of a connection in the words of the page', () => {
  assert.deepEqual(
    connectionStates.map((state) => `${state}: ${connectionWords(state, false, 0).text}`),
    [
      'connecting: Sincronizando',
      'live: En vivo',
      'behind: En vivo',
      'recovering: Sincronizando',
      'offline: Sin conexión',
      'closed: Sin conexión',
    ],
  )
})

test('what is still fetched is no more live, and a long wait for the next attempt is no connection', () => {
  assert.equal(connectionWords('live', true, 0).text, 'Sincronizando')
  assert.equal(connectionWords('recovering', false, 400).text, 'Sincronizando')
  assert.equal(connectionWords('recovering', false, 4_000).text, 'Sin conexión')
})
