import { formatDuration, parseDuration } from '@weir/proto'

/** Turns the text of an environment variable into a value. */
export interface Parser<T> {
  /** What is expected, so that "NAME must be <form>" is a sentence. */
  readonly form: string
  /** Throws an Error whose message says what is wrong and holds no part of a secret. */
  parse(text: string): T
  /** The text that parses to the value; by default String(value). */
  format?(value: T): string
}

export const text: Parser<string> = { form: 'text', parse: (value) => value }

/** `true` or `false`; `1` and `0` too. */
export const flag: Parser<boolean> = {
  form: 'true or false',
  parse(value) {
    if (value === 'true' || value === '1') return true
    if (value === 'false' || value === '0') return false
    throw new Error(`got "${value}"`)
  },
}

export function integer(min: number, max: number): Parser<number> {
  return { form: `an integer from ${min} to ${max}`, parse: (value) => parseInteger(value, min, max) }
}

/** A part of a whole. */
export const share: Parser<number> = {
  form: 'a number from 0 to 1',
  parse(value) {
    const part = /^[\d.]+$/.test(value) ? Number(value) : Number.NaN
    if (!(part >= 0 && part <= 1)) throw new Error(`got "${value}"`)
    return part
  },
}

/** A TCP port; 0 asks the system for a free one. */
export const port: Parser<number> = { form: 'a port from 0 to 65535', parse: (value) => parseInteger(value, 0, 65_535) }

/** A duration, given back in milliseconds; a number alone is seconds. */
export const duration: Parser<number> = {
  form: 'a duration such as 30s or 5m',
  parse(value) {
    const ms = parseDuration(/^[\d.]+$/.test(value) ? `${value}s` : value)
    if (ms === undefined) throw new Error(`got "${value}"`)
    return ms
  },
  format: formatDuration,
}

/** A number of bytes: digits, then nothing or one of KiB, MiB, GiB, TiB, KB, MB, GB, TB. */
export const bytes: Parser<number> = {
  form: 'a size such as 512KiB, 64MiB or 1000000',
  parse(value) {
    const match = /^(\d{1,15})\s*(B|KiB|MiB|GiB|TiB|KB|MB|GB|TB)?$/.exec(value)
    const size = Number(match?.[1]) * (byteUnits[match?.[2] ?? 'B'] ?? Number.NaN)
    if (!Number.isSafeInteger(size)) throw new Error(`got "${value}"`)
    return size
  },
  format(size) {
    const unit = ['TiB', 'GiB', 'MiB', 'KiB'].find((name) => size > 0 && size % (byteUnits[name] ?? 1) === 0)
    return unit === undefined ? String(size) : `${size / (byteUnits[unit] ?? 1)}${unit}`
  },
}

/** An absolute URL. It may hold a password, so a fault does not show it. */
export const url: Parser<string> = {
  form: 'a URL',
  parse(value) {
    if (!URL.canParse(value)) throw new Error('this cannot be read as one')
    return value
  },
}

/** Comma-separated items, without the spaces around them. */
export const list: Parser<readonly string[]> = {
  form: 'a comma-separated list',
  parse(value) {
    const items = value.split(',').map((item) => item.trim())
    if (items.includes('')) throw new Error('an item is empty')
    return items
  },
}

/** A value that is never shown, of at least so many bytes in UTF-8. */
export function secret(bytesMin: number): Parser<string> {
  return {
    form: `a secret of at least ${bytesMin} bytes`,
    parse(value) {
      const size = new TextEncoder().encode(value).length
      if (size < bytesMin) throw new Error(`this one has ${size}`)
      return value
    },
  }
}

export function oneOf<const T extends string>(...values: readonly T[]): Parser<T> {
  return {
    form: `one of ${values.join(', ')}`,
    parse(value) {
      const found = values.find((candidate) => candidate === value)
      if (found === undefined) throw new Error(`got "${value}"`)
      return found
    },
  }
}

const byteUnits: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}

function parseInteger(value: string, min: number, max: number): number {
  const number = /^-?\d{1,16}$/.test(value) ? Number(value) : Number.NaN
  if (!(number >= min && number <= max)) throw new Error(`got "${value}"`)
  return number
}
