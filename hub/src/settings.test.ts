import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hubSettings } from './settings.ts'

test('a heartbeat and a stall time are such that timers and clients can keep them', () => {
  const { heartbeatMs, stallMs } = hubSettings
  for (const value of ['0', '0.05', '60d', '3000000']) assert.throws(() => heartbeatMs.parser.parse(value), value)
  for (const value of ['0', '0.5', '60d']) assert.throws(() => stallMs.parser.parse(value), value)
  assert.equal(heartbeatMs.parser.parse('0.2'), 200)
  assert.equal(stallMs.parser.parse('1m'), 60_000)
})
