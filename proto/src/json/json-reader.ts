import { WeirError } from '../error.ts'

// Each reader takes one value out of parsed JSON or throws `malformed` with the path at which it
// stands. Null reads as the zero value, as in proto3 JSON; so does undefined, for objects that were
// not parsed from text.

const MAX_EXACT = Number.MAX_SAFE_INTEGER

export type JsonObject = { [key: string]: unknown }

export function readObject(value: unknown, path: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw expected('an object', value, path)
  return value as JsonObject
}

export function readString(value: unknown, path: string): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return ''
  throw expected('a string', value, path)
}

function readInteger(value: unknown, path: string, min: number, max: number): number {
  if (value === null || value === undefined) return 0
  if (typeof value !== 'number') throw expected('a whole number', value, path)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new WeirError('malformed', `${path}: ${value} is not a whole number from ${min} to ${max}.`)
  }
  return value
}

export function readInt32(value: unknown, path: string): number {
  return readInteger(value, path, -2_147_483_648, 2_147_483_647)
}

export function readUint32(value: unknown, path: string): number {
  return readInteger(value, path, 0, 4_294_967_295)
}

export function readStrings(value: unknown, path: string): string[] {
  if (value === null || value === undefined) return []
  if (!Array.isArray(value)) throw expected('a list of strings', value, path)
  for (let at = 0; at < value.length; at++) {
    if (typeof value[at] !== 'string') throw expected('a string', value[at], `${path}[${at}]`)
  }
  return value
}

/** Checks and returns the very object that was given: parsed JSON has an owner already. */
export function readStringMap(value: unknown, path: string): { [key: string]: string } {
  if (value === null || value === undefined) return {}
  const map = readObject(value, path)
  for (const key of Object.keys(map)) {
    if (typeof map[key] !== 'string') throw expected('a string', map[key], joinPath(path, key))
  }
  return map as { [key: string]: string }
}

/**
 * Numbers, and the strings "NaN", "Infinity" and "-Infinity" by which proto3 JSON writes what JSON
 * cannot. Returns the very object that was given. `longNumbers` is told of one that is past 2^53.
 */
export function readNumberMap(
  value: unknown,
  path: string,
  longNumbers?: { found: boolean },
): { [key: string]: number } {
  if (value === null || value === undefined) return {}
  const map = readObject(value, path)
  for (const key of Object.keys(map)) {
    const number = map[key]
    if (typeof number === 'number') {
      if (longNumbers !== undefined && !(number <= MAX_EXACT && number >= -MAX_EXACT)) longNumbers.found = true
      continue
    }
    if (number !== 'NaN' && number !== 'Infinity' && number !== '-Infinity') {
      throw expected('a number', number, joinPath(path, key))
    }
    // A definition, as an assignment to `__proto__` would be lost.
    Object.defineProperty(map, key, { value: Number(number), enumerable: true, configurable: true, writable: true })
  }
  return map as { [key: string]: number }
}

/** Integers of 64 bits, as decimal texts or as numbers that are exact. */
export function readIntegerMap(value: unknown, path: string): { [key: string]: bigint } {
  if (value === null || value === undefined) return {}
  const map = readObject(value, path)
  // fromEntries defines and does not assign, so a metric may be called `__proto__`.
  return Object.fromEntries(Object.entries(map).map(([key, each]) => [key, readInt64(each, joinPath(path, key))]))
}

function readInt64(value: unknown, path: string): bigint {
  const isText = typeof value === 'string' && /^-?\d{1,19}$/.test(value)
  if (!isText && !Number.isSafeInteger(value)) throw expected('an integer as decimal text', value, path)
  const integer = BigInt(value as string | number)
  if (BigInt.asIntN(64, integer) === integer) return integer
  throw new WeirError('malformed', `${path}: ${integer} has more than 64 bits.`)
}

export function readBytes(value: unknown, path: string): Uint8Array {
  return decodeBase64(readString(value, path), path)
}

/** Both alphabets of RFC 4648, as proto3 JSON takes them. */
export function decodeBase64(text: string, path: string): Uint8Array {
  if (text === '') return new Uint8Array(0)
  try {
    const characters = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = new Uint8Array(characters.length)
    for (let at = 0; at < bytes.length; at++) bytes[at] = characters.charCodeAt(at)
    return bytes
  } catch {
    throw new WeirError('malformed', `${path}: the string is not base64 (RFC 4648).`)
  }
}

/** The values of an enum by name, with and without its prefix. */
export type EnumNames = ReadonlyMap<string, number>

export function readEnum(value: unknown, path: string, names: EnumNames): number {
  if (value === null || value === undefined) return 0
  if (typeof value === 'number') return readInt32(value, path)
  if (typeof value !== 'string') throw expected('a name', value, path)
  const number = names.get(value)
  if (number !== undefined) return number
  const short = [...names.keys()].filter((_, at) => at % 2 === 0)
  throw new WeirError('malformed', `${path}: ${quote(value)} is not one of ${short.join(', ')}.`)
}

/** From a table of values, as in `enumNames(severityValues, 'SEVERITY_')`. */
export function enumNames(values: Readonly<Record<string, string | number>>, prefix: string): EnumNames {
  const names = new Map<string, number>()
  for (const [name, number] of Object.entries(values)) {
    if (typeof number !== 'number') continue
    names.set(name, number)
    names.set(prefix + name, number)
  }
  return names
}

/** Parses text; the name says what the text should have been. */
export function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new WeirError('malformed', `The ${name} is not JSON (RFC 8259).`)
  }
}

export function unknownField(path: string, key: string): WeirError {
  return new WeirError('malformed', `${joinPath(path, key)}: there is no such field. Names are lowerCamelCase.`)
}

export function expected(what: string, value: unknown, path: string): WeirError {
  return new WeirError('malformed', `${path}: ${what} is expected, not ${nameOf(value)}.`)
}

/** At most 64 characters of a key are repeated: a message must stay short whatever was sent. */
export function joinPath(path: string, key: string): string {
  const short = key.length > 64 ? `${key.slice(0, 64)}...` : key
  return path === '' ? short : `${path}.${short}`
}

function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}...` : text)
}

function nameOf(value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
