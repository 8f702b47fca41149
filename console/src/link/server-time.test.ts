import assert from 'node:assert/strict'
import { test } from 'node:test'
import { learnServerTime, serverNowMs } from './server-time.ts'

test('the time of the mesh counts where this clock is off, and not for what the way explains', () => {
  const nowMs = Date.now()
  const header = (aheadMs: number): string => new Date(nowMs + aheadMs).toUTCString()
  assert.equal(learnServerTime(header(20_000), nowMs, nowMs + 200), 0)
  const ahead = learnServerTime(header(-3_600_000), nowMs, nowMs + 200)
  assert.ok(Math.abs(ahead + 3_600_000) < 2_000, String(ahead))
  assert.ok(Math.abs(serverNowMs() - (Date.now() + ahead)) < 50)
  assert.equal(learnServerTime(null, nowMs, nowMs), ahead, 'an answer without a time changes nothing')
  assert.equal(learnServerTime(header(0), nowMs, nowMs), 0)
})
