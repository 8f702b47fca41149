import { tag } from './language.ts'

/**
 * The browser's own way to write numbers. Formatters are made once: making one costs fifty times a
 * use.
 */
const whole = new Intl.NumberFormat(tag, { maximumFractionDigits: 0 })
const withSign = new Intl.NumberFormat(tag, { maximumFractionDigits: 0, signDisplay: 'exceptZero' })
const brief = new Intl.NumberFormat(tag, { notation: 'compact', maximumSignificantDigits: 3 })
const significant = new Intl.NumberFormat(tag, { maximumSignificantDigits: 6 })
const tenths = new Intl.NumberFormat(tag, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const oneDigit = new Intl.NumberFormat(tag, { maximumFractionDigits: 1 })

/** What stands before the decimals: "." or ",". */
export const point: string = tenths.formatToParts(0.5).find(({ type }) => type === 'decimal')?.value ?? '.'

/** Where the decimal point of a written number stands; its end where it has none. */
export function pointOf(text: string): number {
  const at = text.lastIndexOf(point)
  return at < 0 ? text.length : at
}

/** 1204 as "1,204". */
export function count(value: number): string {
  return whole.format(value)
}

/** 0.4 as "0.4", and 2 as "2.0": so a number that runs keeps its width. */
export function inTenths(value: number): string {
  return tenths.format(value)
}

/** 1204 as "+1,204". */
export function signed(value: number): string {
  return withSign.format(value)
}

/** 41800 as "41.8K"; below ten thousand as it is. */
export function compact(value: number): string {
  return Math.abs(value) < 10_000 ? number(value) : brief.format(value)
}

/** At most six significant digits; whole numbers in full. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return whole.format(value)
  const size = Math.abs(value)
  return size !== 0 && (size < 1e-4 || size >= 1e15) ? exponential(value) : significant.format(value)
}

/** 1.5e-9, with at most five digits. */
function exponential(value: number): string {
  return Number(value.toPrecision(5)).toExponential().replace('.', point)
}

/** A whole number of any length, digit for digit, grouped. */
export function exactInteger(text: string): string {
  return whole.format(BigInt(text))
}

/** A mean rate: one digit below ten, none above, scaled from ten thousand. */
export function rate(value: number): string {
  if (value < 10) return oneDigit.format(value)
  return value < 10_000 ? whole.format(value) : brief.format(value)
}

/** A number with so many digits after the point; from a million on in a short form. */
export function decimals(value: number, digits: number): string {
  const form =
    Math.abs(value) < 1e6
      ? { minimumFractionDigits: digits, maximumFractionDigits: digits }
      : ({ notation: 'compact', maximumSignificantDigits: 6 } as const)
  return new Intl.NumberFormat(tag, form).format(value)
}

/** A number with at most one digit after the point. */
export function short(value: number): string {
  return oneDigit.format(value)
}
