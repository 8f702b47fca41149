import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MaintenanceSpec } from '../declaration/file/maintenance-spec.ts'
import { occurrenceAt } from './occurrence.ts'

const everyDay = [0, 1, 2, 3, 4, 5, 6]

function at(now: string, spec: Partial<MaintenanceSpec>): string {
  const { fromMs, untilMs } = occurrenceAt(
    { name: 'n', match: {}, days: everyDay, fromMinute: 0, toMinute: 0, tz: 'UTC', comment: '', ...spec },
    Date.parse(now),
  )
  const text = (ms: number): string => new Date(ms).toISOString().slice(0, 16)
  return `${text(fromMs)} ${text(untilMs)}`
}

test('the time that goes on, or else the next, also past midnight', () => {
  const night = { fromMinute: 22 * 60, toMinute: 2 * 60 }
  assert.equal(at('2026-01-31T12:00:00Z', night), '2026-01-31T22:00 2026-02-01T02:00')
  assert.equal(at('2026-02-01T01:59:59Z', night), '2026-01-31T22:00 2026-02-01T02:00')
  assert.equal(at('2026-02-01T02:00:00Z', night), '2026-02-01T22:00 2026-02-02T02:00')
  assert.equal(at('2026-01-31T12:00:00Z', {}), '2026-01-31T00:00 2026-02-01T00:00')
})

test('days are those on which it begins, by the clocks of its zone', () => {
  // 2026-01-31 is a Saturday.
  const saturday = { days: [6], fromMinute: 23 * 60, toMinute: 60 }
  assert.equal(at('2026-02-01T00:30:00Z', saturday), '2026-01-31T23:00 2026-02-01T01:00')
  assert.equal(at('2026-02-01T01:00:00Z', saturday), '2026-02-07T23:00 2026-02-08T01:00')
  // In Tokyo it is Sunday already.
  const sunday = { days: [0], fromMinute: 60, toMinute: 120, tz: 'Asia/Tokyo' }
  assert.equal(at('2026-01-31T12:00:00Z', sunday), '2026-01-31T16:00 2026-01-31T17:00')
})

test('summer time moves it, and does not lose it', () => {
  const berlin = { tz: 'Europe/Berlin', fromMinute: 60, toMinute: 5 * 60 }
  assert.equal(at('2026-03-28T12:00:00Z', berlin), '2026-03-29T00:00 2026-03-29T03:00')
  assert.equal(at('2026-10-24T12:00:00Z', berlin), '2026-10-24T23:00 2026-10-25T04:00')
  // 02:30 does not exist on 29 March; it exists twice on 25 October.
  const half = { tz: 'Europe/Berlin', fromMinute: 150, toMinute: 5 * 60 }
  assert.equal(at('2026-03-28T12:00:00Z', half), '2026-03-29T01:30 2026-03-29T03:00')
  assert.equal(at('2026-10-24T12:00:00Z', half), '2026-10-25T00:30 2026-10-25T04:00')
})
