import type { Timestamp } from '@bufbuild/protobuf/wkt'

/**
 * An RFC 3339 time as a Timestamp; undefined when the text is not one or lies outside the years 1
 * to 9999. Digits past nanoseconds are cut off. One pass without a regular expression: ingest calls
 * it for every event.
 */
export function parseTimestamp(text: string): Timestamp | undefined {
  if (text.length < 20 || !hasDateShape(text)) return undefined
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 2)
  const day = digits(text, 8, 2)
  const hour = digits(text, 11, 2)
  const minute = digits(text, 14, 2)
  const second = digits(text, 17, 2)
  // Each comparison is false for NaN, which is what digits gives for anything else.
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))) return undefined
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return undefined

  let at = 19
  let nanos = 0
  if (text.charCodeAt(at) === POINT) {
    at++
    const start = at
    for (let unit = 100_000_000; isDigit(text.charCodeAt(at)); at++) {
      nanos += (text.charCodeAt(at) - ZERO) * unit
      unit = Math.floor(unit / 10)
    }
    if (at === start) return undefined
  }
  const offset = offsetSeconds(text, at)
  if (Number.isNaN(offset)) return undefined
  // Date.UTC reads the years 0 to 99 as 1900 to 1999; the calendar repeats every 400 years.
  const shifted = Date.UTC(year + 400, month - 1, day, hour, minute, second) / 1000
  return timestamp(shifted - SECONDS_IN_400_YEARS - offset, nanos)
}

/** Milliseconds since the Unix epoch as a Timestamp; undefined outside the years 1 to 9999. */
export function timestampFromMilliseconds(milliseconds: number): Timestamp | undefined {
  const seconds = Math.floor(milliseconds / 1000)
  const nanos = Math.round((milliseconds - seconds * 1000) * 1_000_000)
  return nanos < NANOS_IN_SECOND ? timestamp(seconds, nanos) : timestamp(seconds + 1, 0)
}

/**
 * A number since the Unix epoch as a Timestamp, in the unit that its magnitude says: below 10^11
 * seconds (to the year 5138), below 10^14 milliseconds, below 10^17 microseconds, else nanoseconds.
 * Undefined outside the years 1 to 9999.
 */
export function timestampFromNumber(value: number): Timestamp | undefined {
  const magnitude = Math.abs(value)
  if (magnitude < 1e11) return timestampFromMilliseconds(value * 1000)
  if (magnitude < 1e14) return timestampFromMilliseconds(value)
  return magnitude < 1e20 ? timestampFromDigits(String(value)) : undefined
}

/**
 * RFC 3339, or a number since the Unix epoch in decimal digits, whose unit is as
 * timestampFromNumber has it and of which no digit down to a nanosecond is lost. Undefined for
 * anything else.
 */
export function timestampFromText(text: string): Timestamp | undefined {
  return parseTimestamp(text) ?? timestampFromDigits(text)
}

function timestampFromDigits(text: string): Timestamp | undefined {
  const match = /^(-?)(\d{1,20})(?:\.(\d+))?$/.exec(text)
  // JSON may write a number with an exponent, which a double holds as well as anything.
  if (match === null) return exponential.test(text) ? timestampFromNumber(Number(text)) : undefined
  const [, sign, whole = '', fraction = ''] = match
  const magnitude = BigInt(whole)
  const digits = magnitude < 10n ** 11n ? 9 : magnitude < 10n ** 14n ? 6 : magnitude < 10n ** 17n ? 3 : 0
  const nanos = BigInt(whole + fraction.padEnd(digits, '0').slice(0, digits)) * (sign === '-' ? -1n : 1n)
  // The remainder of a negative number is negative.
  const below = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  return timestamp(Number((nanos - below) / 1_000_000_000n), Number(below))
}

/**
 * RFC 3339 in UTC with 0, 3, 6 or 9 digits after the point, as proto3 JSON has it; undefined
 * outside the years 1 to 9999.
 */
export function formatTimestamp(value: Timestamp): string | undefined {
  if (!isTimestamp(value)) return undefined
  const { nanos } = value
  const text = new Date(Number(value.seconds) * 1000 + Math.floor(nanos / 1_000_000)).toISOString()
  if (nanos === 0) return `${text.slice(0, 19)}Z`
  if (nanos % 1_000_000 === 0) return text
  const fraction = nanos.toString().padStart(9, '0')
  return `${text.slice(0, 19)}.${nanos % 1000 === 0 ? fraction.slice(0, 6) : fraction}Z`
}

/** Whether the value keeps to the range that google.protobuf.Timestamp states. */
export function isTimestamp(value: Timestamp): boolean {
  return (
    value.seconds >= SECONDS_MIN && value.seconds <= SECONDS_MAX && value.nanos >= 0 && value.nanos < NANOS_IN_SECOND
  )
}

const exponential = /^-?\d+(\.\d+)?[eE][+-]?\d+$/
const POINT = 0x2e
const ZERO = 0x30
const NANOS_IN_SECOND = 1_000_000_000
const SECONDS_IN_400_YEARS = 12_622_780_800
const SECONDS_MIN = -62_135_596_800
const SECONDS_MAX = 253_402_300_799

function timestamp(seconds: number, nanos: number): Timestamp | undefined {
  if (!(seconds >= SECONDS_MIN && seconds <= SECONDS_MAX)) return undefined
  return { $typeName: 'google.protobuf.Timestamp', seconds: BigInt(seconds), nanos }
}

/** RFC 3339 allows the lower-case t as well. */
function hasDateShape(text: string): boolean {
  return (
    text[4] === '-' && text[7] === '-' && (text[10] === 'T' || text[10] === 't') && text[13] === ':' && text[16] === ':'
  )
}

/** `Z`, `z` or `+hh:mm` from a position to the end of the text; NaN when it is none of them. */
function offsetSeconds(text: string, at: number): number {
  const sign = text[at]
  if (sign === 'Z' || sign === 'z') return at + 1 === text.length ? 0 : Number.NaN
  if ((sign !== '+' && sign !== '-') || text.length !== at + 6 || text[at + 3] !== ':') return Number.NaN
  const hours = digits(text, at + 1, 2)
  const minutes = digits(text, at + 4, 2)
  if (!(hours <= 23 && minutes <= 59)) return Number.NaN
  return (sign === '-' ? -1 : 1) * (hours * 3600 + minutes * 60)
}

/** The number that so many decimal digits write; NaN when another character is among them. */
function digits(text: string, start: number, count: number): number {
  let value = 0
  for (let at = start; at < start + count; at++) {
    const code = text.charCodeAt(at)
    if (!isDigit(code)) return Number.NaN
    value = value * 10 + code - ZERO
  }
  return value
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= ZERO + 9
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
