import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Timestamp } from '@bufbuild/protobuf/wkt'
import fc from 'fast-check'
import {
  formatTimestamp,
  isTimestamp,
  parseTimestamp,
  timestampFromMilliseconds,
  timestampFromNumber,
  timestampFromText,
} from './timestamp.ts'

const nanoseconds = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 999 }).map((value) => value * 1_000_000),
  fc.integer({ min: 0, max: 999_999_999 }),
)
const timestamp = fc
  .tuple(fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n }), nanoseconds)
  .map(([seconds, nanos]): Timestamp => ({ $typeName: 'google.protobuf.Timestamp', seconds, nanos }))

test('a time survives its text form', () => {
  fc.assert(fc.property(timestamp, (value) => assert.deepEqual(parseTimestamp(formatTimestamp(value) ?? ''), value)))
})

test('a text with milliseconds means what Date says', () => {
  const range = { min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }
  fc.assert(
    fc.property(fc.date(range), (date) => {
      assert.deepEqual(parseTimestamp(date.toISOString()), timestampFromMilliseconds(date.getTime()))
    }),
  )
})

for (const [text, seconds, nanos] of [
  ['1970-01-01T00:00:00Z', 0n, 0],
  ['2026-01-31T12:00:00.5+01:30', 1_769_855_400n, 500_000_000],
  ['2026-01-31T12:00:00-00:00', 1_769_860_800n, 0],
  ['2026-01-31t12:00:00.123456789z', 1_769_860_800n, 123_456_789],
  ['2026-01-31T12:00:00.1234567899Z', 1_769_860_800n, 123_456_789],
  ['2024-02-29T00:00:00Z', 1_709_164_800n, 0],
  ['1969-12-31T23:59:59.9Z', -1n, 900_000_000],
  ['0001-01-01T00:00:00Z', -62_135_596_800n, 0],
  ['9999-12-31T23:59:59.999999999Z', 253_402_300_799n, 999_999_999],
] as const) {
  test(`${text} is a time`, () => {
    assert.deepEqual(parseTimestamp(text), { $typeName: 'google.protobuf.Timestamp', seconds, nanos })
  })
}

for (const text of [
  '',
  'now',
  '2026-01-31',
  '2026-01-31 12:00:00Z',
  '2026-01-31T12:00:00',
  '2026-01-31T12:00Z',
  '2026-01-31T12:00:00.Z',
  '2026-01-31T12:00:00,5Z',
  '2026-01-31T12:00:00Z ',
  '2026-01-31T12:00:00+0100',
  '2026-01-31T12:00:00+24:00',
  '2026-02-30T12:00:00Z',
  '2025-02-29T12:00:00Z',
  '1900-02-29T12:00:00Z',
  '2026-00-10T12:00:00Z',
  '2026-13-10T12:00:00Z',
  '2026-01-00T12:00:00Z',
  '2026-01-31T24:00:00Z',
  '2026-01-31T12:60:00Z',
  '2026-01-31T12:00:60Z',
  '0000-01-01T00:00:00Z',
  '0001-01-01T00:00:00+00:01',
  '9999-12-31T23:59:59-00:01',
  '+026-01-31T12:00:00Z',
  '20２6-01-31T12:00:00Z',
]) {
  test(`${JSON.stringify(text)} is no time`, () => assert.equal(parseTimestamp(text), undefined))
}

test('milliseconds may be fractional or negative, and must be within the range', () => {
  const at = (milliseconds: number) => timestampFromMilliseconds(milliseconds)
  assert.deepEqual(at(1.5), { $typeName: 'google.protobuf.Timestamp', seconds: 0n, nanos: 1_500_000 })
  assert.deepEqual(at(-1), { $typeName: 'google.protobuf.Timestamp', seconds: -1n, nanos: 999_000_000 })
  assert.deepEqual(at(999.999_999_9), { $typeName: 'google.protobuf.Timestamp', seconds: 1n, nanos: 0 })
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, -1e15, 1e15, 1e300]) assert.equal(at(bad), undefined)
})

test('a Timestamp out of range has no text', () => {
  for (const [seconds, nanos] of [
    [253_402_300_800n, 0],
    [-62_135_596_801n, 0],
    [0n, -1],
    [0n, 1_000_000_000],
  ] as const) {
    const value: Timestamp = { $typeName: 'google.protobuf.Timestamp', seconds, nanos }
    assert.equal(isTimestamp(value), false)
    assert.equal(formatTimestamp(value), undefined)
  }
})

test('the unit of a number is that of its magnitude, and no digit of a text is lost', () => {
  const at = (seconds: number, nanos = 0) => ({
    $typeName: 'google.protobuf.Timestamp' as const,
    seconds: BigInt(seconds),
    nanos,
  })
  for (const [text, expected] of [
    ['1795805310', at(1_795_805_310)],
    ['1795805310123', at(1_795_805_310, 123_000_000)],
    ['1795805310123456', at(1_795_805_310, 123_456_000)],
    ['1795805310123456789', at(1_795_805_310, 123_456_789)],
    ['1795805310.123456789', at(1_795_805_310, 123_456_789)],
    ['1795805310123.456789', at(1_795_805_310, 123_456_789)],
    ['1795805310.9999999999', at(1_795_805_310, 999_999_999)],
    ['1.79580531e9', at(1_795_805_310)],
    ['0', at(0)],
    ['-1', at(-1)],
    ['-1.25', at(-2, 750_000_000)],
    ['-1795805310123456789', at(-1_795_805_311, 876_543_211)],
    ['2026-11-30T04:00:00.5Z', at(1_796_011_200, 500_000_000)],
    ['99999999999', at(99_999_999_999)],
    ['100000000000', at(100_000_000)],
  ] as const) {
    assert.deepEqual(timestampFromText(text), expected, text)
  }
  for (const [value, expected] of [
    [1_795_805_310, at(1_795_805_310)],
    [1_795_805_310.5, at(1_795_805_310, 500_000_000)],
    [1_795_805_310_123, at(1_795_805_310, 123_000_000)],
    [1_795_805_310_123_456, at(1_795_805_310, 123_456_000)],
    [-1, at(-1)],
  ] as const) {
    assert.deepEqual(timestampFromNumber(value), expected, String(value))
  }
  for (const text of [
    '',
    ' ',
    'now',
    '1 ',
    '0x10',
    '1e',
    '1e400',
    '-',
    '1.',
    '.5',
    '9'.repeat(21),
    '-100000000000000000000',
  ]) {
    assert.equal(timestampFromText(text), undefined, text)
  }
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e21, -1e20]) {
    assert.equal(timestampFromNumber(value), undefined, String(value))
  }
})
