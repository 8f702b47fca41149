import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { EventSchema } from '../gen/weir/v1/event_pb.js'
import { compileAlertMatch, type MatchedAlert, readAlertMatch } from './alert-match.ts'
import { readSilence, silenceOf, silenceState, silencing } from './silence.ts'

const startMs = Date.parse('2026-01-31T12:00:00Z')
const hour = 3_600_000
const hot: MatchedAlert = {
  subject: 'alerts.hot.r17',
  rule: 'hot',
  severity: 'HIGH',
  labels: { team: 'kitchen' },
}

test('a silence is from its begin on and no longer at its end', () => {
  const silence = readSilence('a', { match: { rule: 'hot' }, from: '2026-01-31T13:00:00Z', for: '2h' }, startMs)
  assert.deepEqual([silence.fromMs, silence.untilMs], [startMs + hour, startMs + 3 * hour])
  for (const [atMs, state] of [
    [startMs, 'pending'],
    [silence.fromMs - 1, 'pending'],
    [silence.fromMs, 'active'],
    [silence.untilMs - 1, 'active'],
    [silence.untilMs, 'expired'],
  ] as const) {
    assert.equal(silenceState(silence, atMs), state)
    assert.equal(silencing([silence], hot, atMs), state === 'active' ? silence : undefined)
  }
})

test('it begins with its event unless it says otherwise, and `until` is a time', () => {
  const { fromMs, untilMs } = readSilence('a', { match: { rule: 'hot' }, until: '2026-01-31T14:00:00+01:00' }, startMs)
  assert.deepEqual([fromMs, untilMs], [startMs, startMs + hour])
})

test('of overlapping silences the one that ends last is told', () => {
  const silences = [1, 3, 2].map((hours) =>
    readSilence(`s${hours}`, { match: { rule: 'hot' }, for: `${hours}h` }, startMs),
  )
  assert.equal(silencing(silences, hot, startMs)?.name, 's3')
  assert.equal(silencing(silences, { ...hot, rule: 'cold' }, startMs), undefined)
})

test('one that was ended is over, and needs no matcher', () => {
  const ended = readSilence('a', { match: { rule: 'hot' }, for: '2h', ended: true, by: 'ann' }, startMs)
  assert.equal(silenceState(ended, startMs + 1), 'expired')
  assert.equal(silencing([ended], hot, startMs + 1), undefined)
  const bare = readSilence('a', { ended: true }, startMs)
  assert.equal(silenceState(bare, startMs), 'expired')
  assert.equal(bare.matches(hot), false)
})

test('every field of a matcher has to hold, by one of its values', () => {
  for (const [match, holds] of [
    [{ rule: 'hot' }, true],
    [{ rule: ['cold', 'hot'] }, true],
    [{ rule: 'ho' }, false],
    [{ filter: 'alerts.>' }, true],
    [{ filter: 'alerts.*.r17' }, true],
    [{ filter: ['alerts.hot', 'alerts.cold.>'] }, false],
    [{ severity: ['HIGH', 'URGENT'] }, true],
    [{ severity: 'URGENT' }, false],
    [{ labels: { team: ['bar', 'kitchen'] } }, true],
    [{ labels: { team: 'bar' } }, false],
    [{ labels: { branch: '' } }, false],
    [{ labels: { constructor: 'x' } }, false],
    [{ rule: 'hot', severity: 'HIGH', labels: { team: 'kitchen' }, filter: 'alerts.hot.>' }, true],
    [{ rule: 'hot', severity: 'NORMAL' }, false],
  ] as const) {
    assert.equal(compileAlertMatch(readAlertMatch(match))(hot), holds, JSON.stringify(match))
  }
})

test('what is no silence is refused with what is wrong', () => {
  const match = { rule: 'hot' }
  for (const [data, says] of [
    [7, /map/],
    [[], /map/],
    [{ for: '1h' }, /match/],
    [{ match: {}, for: '1h' }, /alerts\.>/],
    [{ match: { labels: {} }, for: '1h' }, /alerts\.>/],
    [{ match: { rules: 'hot' }, for: '1h' }, /match\.rules/],
    [{ match: { rule: 7 }, for: '1h' }, /match\.rule/],
    [{ match: { rule: [] }, for: '1h' }, /match\.rule/],
    [{ match: { rule: Array(65).fill('a') }, for: '1h' }, /match\.rule/],
    [{ match: { filter: 'alerts..x' }, for: '1h' }, /match\.filter/],
    [{ match: { severity: 'high' }, for: '1h' }, /match\.severity/],
    [{ match: { labels: { team: 1 } }, for: '1h' }, /match\.labels\.team/],
    [{ match, mach: 1, for: '1h' }, /mach/],
    [{ match }, /until/],
    [{ match, for: '1h', until: '2026-01-31T14:00:00Z' }, /until/],
    [{ match, for: 'soon' }, /for/],
    [{ match, for: '0s' }, /end/],
    [{ match, until: '2026-01-31' }, /until/],
    [{ match, until: '2026-01-31T11:59:59Z' }, /end/],
    [{ match, for: '31d' }, /30 days/],
    [{ match, from: '2026-03-31T11:59:59Z', for: '1h' }, /30 days/],
    [{ match, for: '1h', by: 7 }, /by/],
    [{ match, for: '1h', comment: 'x'.repeat(1_025) }, /comment/],
    [{ match, for: '1h', ended: 'yes' }, /ended/],
  ] as const) {
    assert.throws(() => readSilence('a', data, startMs), { code: 'invalid', message: says }, JSON.stringify(data))
  }
})

test('an event is read by its JSON and its own time', () => {
  const time = { seconds: BigInt(startMs / 1000), nanos: 0 }
  const event = create(EventSchema, { time, data: { case: 'json', value: '{"match":{"rule":"hot"},"for":"1h"}' } })
  const { name, fromMs } = silenceOf('silences.kitchen.oven', event, startMs + 5)
  assert.deepEqual([name, fromMs], ['kitchen.oven', startMs])
  assert.equal(silenceOf('silences.a', create(EventSchema, { data: event.data }), startMs + 5).fromMs, startMs + 5)
  for (const data of [{ case: 'json', value: '{' } as const, { case: undefined } as const]) {
    assert.throws(() => silenceOf('silences.a', create(EventSchema, { data }), 0), { code: 'invalid' })
  }
})
