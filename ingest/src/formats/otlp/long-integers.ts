import { jsonOf } from '../../body/body-text.ts'

/**
 * The JSON of OTLP as a value in which integers of 16 digits and more are strings, as OTLP itself
 * has its 64-bit integers: JSON.parse would round them. Throws `malformed`.
 */
export function jsonWithLongIntegers(text: string): unknown {
  const value = jsonOf(text)
  return perhapsLong.test(text) ? jsonOf(quoted(text)) : value
}

/** Of text that is JSON. */
function quoted(text: string): string {
  let result = ''
  let at = 0
  while (at < text.length) {
    const string = text.indexOf('"', at)
    const end = string < 0 ? text.length : string
    result += text.slice(at, end).replaceAll(longInteger, '"$&"')
    at = string < 0 ? end : endOfString(text, string)
    result += text.slice(end, at)
  }
  return result
}

const perhapsLong = /[[:,]\s*-?\d{16}/
const longInteger = /(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g

/** Past the quote that ends the string: the first that an even number of backslashes precedes. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; ) {
    const quote = text.indexOf('"', at)
    let backslashes = 0
    while (text[quote - 1 - backslashes] === '\\') backslashes++
    at = quote + 1
    if (backslashes % 2 === 0) return at
  }
}
