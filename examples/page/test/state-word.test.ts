import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stateWord } from '../src/state-word.ts'

test('states of the services are said in words', () => {
  const states = ['EN_PREPARACION', 'LEIDA', 'SIN_LEER', 'PROGRAMADO', 'EN_CAMINO', 'En Ruta']
  assert.deepEqual(states.map(stateWord), ['En preparación', 'Leída', 'Sin leer', 'Programado', 'En camino', 'En ruta'])
})
