/** A value of a field as it is written, without the letter of its type and the quotes. */
export interface LineField {
  readonly name: string
  readonly kind: 'float' | 'integer' | 'boolean' | 'string'
  readonly text: string
  /** The number of a field that is none of text; 1 for true and 0 for false. */
  readonly number: number
}

/** One line of InfluxDB's line protocol. */
export interface LinePoint {
  /** Measurement and tags as they are written, escapes and all. */
  readonly series: string
  /** As they are written. */
  readonly fieldsText: string
  readonly fields: readonly LineField[]
  /** The digits of the timestamp; empty where there is none. */
  readonly time: string
}

/** Why a line is none. */
export class LineFault {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

/**
 * Reads lines one after another. A line that is none ends at its line break, and the next is read
 * as if it were the first.
 */
export class LineParser {
  readonly #text: string
  #at = 0
  /** Of the last point or fault, from 1. */
  line = 0
  #nextLine = 1

  constructor(text: string) {
    this.#text = text
  }

  /** Undefined at the end. Blank lines and comments are passed over. */
  next(): LinePoint | LineFault | undefined {
    const text = this.#text
    while (this.#at < text.length) {
      const code = text.charCodeAt(this.#at)
      if (code === NEWLINE) this.#nextLine++
      if (code === NEWLINE || code === SPACE || code === TAB || code === RETURN) this.#at++
      else if (code === HASH) this.#skipLine()
      else return this.#point()
    }
    return undefined
  }

  #point(): LinePoint | LineFault {
    const text = this.#text
    const start = this.#at
    this.line = this.#nextLine
    const seriesEnd = this.#unescapedSpace(start)
    if (seriesEnd < 0) return this.#fault(start, 'there are no fields')
    const fieldsStart = skipSpaces(text, seriesEnd)
    const fields: LineField[] = []
    let at = fieldsStart
    for (;;) {
      const equals = unescapedEquals(text, at)
      if (equals <= at)
        return this.#fault(start, fields.length === 0 ? 'there are no fields' : 'a field has no name or no value')
      const name = unescaped(text.slice(at, equals))
      const end = text.charCodeAt(equals + 1) === QUOTE ? stringEnd(text, equals + 1) : valueEnd(text, equals + 1)
      if (end < 0) return this.#fault(start, `the text of field ${name} has no end`)
      const field = fieldOf(name, text.slice(equals + 1, end))
      if (field === undefined) return this.#fault(start, `field ${name} is no number, boolean or text in quotes`)
      fields.push(field)
      at = end
      if (text.charCodeAt(at) !== COMMA) break
      at++
    }
    const fieldsText = text.slice(fieldsStart, at)
    const newline = text.indexOf('\n', at)
    const lineEnd = newline < 0 ? text.length : newline
    const time = text.slice(at, lineEnd).trim()
    if (time !== '' && (time.length > 20 || !isInteger(time))) return this.#fault(start, 'the timestamp is no integer')
    this.#goTo(start, lineEnd)
    return { series: text.slice(start, seriesEnd), fieldsText, fields, time }
  }

  /** Of this line; negative where its end comes first. */
  #unescapedSpace(start: number): number {
    const text = this.#text
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === BACKSLASH) at++
      else if (code === SPACE) return at
      else if (code === NEWLINE) return -1
    }
    return -1
  }

  #fault(start: number, message: string): LineFault {
    const newline = this.#text.indexOf('\n', start)
    this.#goTo(start, newline < 0 ? this.#text.length : newline)
    return new LineFault(message)
  }

  #skipLine(): void {
    const newline = this.#text.indexOf('\n', this.#at)
    this.#at = newline < 0 ? this.#text.length : newline
  }

  /** Counts the line breaks that stand in texts. */
  #goTo(start: number, end: number): void {
    for (let at = this.#text.indexOf('\n', start); at >= 0 && at < end; at = this.#text.indexOf('\n', at + 1)) {
      this.#nextLine++
    }
    this.#at = end
  }
}

/**
 * The parts of a series as it is written: the measurement, and the tags in their order. Undefined
 * where it is none.
 */
export function seriesParts(
  series: string,
): { readonly measurement: string; readonly tags: readonly (readonly [key: string, value: string])[] } | undefined {
  const [first = '', ...rest] = splitUnescaped(series, COMMA)
  const measurement = unescaped(first)
  const tags: (readonly [string, string])[] = []
  for (const part of rest) {
    const equals = unescapedEquals(part, 0)
    if (equals <= 0 || equals === part.length - 1) return undefined
    tags.push([unescaped(part.slice(0, equals)), unescaped(part.slice(equals + 1))])
  }
  return measurement === '' ? undefined : { measurement, tags }
}

function fieldOf(name: string, written: string): LineField | undefined {
  if (written.charCodeAt(0) === QUOTE) {
    return { name, kind: 'string', text: written.slice(1, -1).replaceAll(/\\(["\\])/g, '$1'), number: Number.NaN }
  }
  const last = written.charCodeAt(written.length - 1)
  if (last === LETTER_I || last === LETTER_U) {
    const text = written.slice(0, -1)
    return text.length <= 20 && isInteger(text) ? { name, kind: 'integer', text, number: Number(text) } : undefined
  }
  const number = decimalOf(written)
  if (!Number.isNaN(number)) return { name, kind: 'float', text: written, number }
  if (/^(t|T|true|True|TRUE)$/.test(written)) return { name, kind: 'boolean', text: 'true', number: 1 }
  return /^(f|F|false|False|FALSE)$/.test(written) ? { name, kind: 'boolean', text: 'false', number: 0 } : undefined
}

/**
 * NaN for what is no number. Number takes more than a line may have: nothing, spaces, 0x10,
 * Infinity.
 */
function decimalOf(text: string): number {
  const first = text.charCodeAt(0)
  const isSigned = first === PLUS || first === MINUS
  const digit = isSigned ? text.charCodeAt(1) : first
  if (!isDigit(digit) && digit !== POINT) return Number.NaN
  return digit === ZERO && hasRadix(text) ? Number.NaN : Number(text)
}

function hasRadix(text: string): boolean {
  return /[xob]/i.test(text)
}

function isInteger(text: string): boolean {
  let at = text.charCodeAt(0) === MINUS ? 1 : 0
  if (at === text.length) return false
  for (; at < text.length; at++) if (!isDigit(text.charCodeAt(at))) return false
  return true
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= ZERO + 9
}

/** Past the quote that ends a text; negative where there is none. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === QUOTE) return at + 1
  }
  return -1
}

function valueEnd(text: string, start: number): number {
  let at = start
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === COMMA || code === SPACE || code === NEWLINE || code === RETURN) break
  }
  return at
}

/** Negative where the line or the name ends first. */
function unescapedEquals(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === EQUALS) return at
    else if (code === NEWLINE || code === SPACE || code === COMMA) return -1
  }
  return -1
}

function splitUnescaped(text: string, separator: number): string[] {
  const parts: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === separator) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

/** A backslash stands for itself but before a comma, an equals sign or a space. */
function unescaped(text: string): string {
  return text.includes('\\') ? text.replaceAll(/\\([,= ])/g, '$1') : text
}

function skipSpaces(text: string, start: number): number {
  let at = start
  while (text.charCodeAt(at) === SPACE) at++
  return at
}

const TAB = 0x09
const NEWLINE = 0x0a
const RETURN = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const HASH = 0x23
const COMMA = 0x2c
const PLUS = 0x2b
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const EQUALS = 0x3d
const BACKSLASH = 0x5c
const LETTER_I = 0x69
const LETTER_U = 0x75
