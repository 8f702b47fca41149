/**
 * Says where a text that JSON.parse refuses stops being JSON (RFC 8259). The messages of JSON.parse
 * differ by runtime, and most of them name no place.
 */
export function jsonFault(text: string): string {
  const at = faultAt(text)
  if (text.trim() === '') return 'it is empty'
  if (at === text.length) return 'it ends too early'
  return `look at line ${lineOf(text, at)}, character ${at - text.lastIndexOf('\n', at - 1)}`
}

/** Counted from 1. A body may be millions of lines, so they are not taken apart. */
function lineOf(text: string, at: number): number {
  let line = 1
  for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', end + 1)) line++
  return line
}

/** The index of the first character that cannot stand where it stands; the length without one. */
export function faultAt(text: string): number {
  /** What closes each object and array that is open. */
  const open: ('}' | ']')[] = []
  let expects: 'value' | 'first' | 'name' | 'colon' | 'more' = 'value'
  for (let at = endOf(space, text, 0); at < text.length; at = endOf(space, text, at)) {
    const character = text[at]
    const closer = open.at(-1)
    if (character === closer && (expects === 'more' || expects === 'first')) {
      open.pop()
      expects = 'more'
      at++
    } else if (expects === 'more') {
      if (character !== ',' || closer === undefined) return at
      expects = closer === '}' ? 'name' : 'value'
      at++
    } else if (expects === 'colon') {
      if (character !== ':') return at
      expects = 'value'
      at++
    } else if (character === '"') {
      const end = endOfString(text, at)
      if (end.isFault) return end.at
      expects = expects === 'name' || (expects === 'first' && closer === '}') ? 'colon' : 'more'
      at = end.at
    } else {
      if (expects === 'name' || (expects === 'first' && closer === '}')) return at
      const isOpening = character === '{' || character === '['
      const end = isOpening ? at + 1 : endOf(scalar, text, at)
      if (end === at) return at
      if (isOpening) open.push(character === '{' ? '}' : ']')
      expects = isOpening ? 'first' : 'more'
      at = end
    }
  }
  return text.length
}

/** Where a string ends that begins there, or what is wrong in it. */
function endOfString(text: string, start: number): { readonly at: number; readonly isFault: boolean } {
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at] as string
    if (character === '"') return { at: at + 1, isFault: false }
    if (character < ' ') return { at, isFault: true }
    if (character !== '\\') continue
    const end = endOf(escaped, text, at)
    if (end === at) return { at, isFault: true }
    at = end - 1
  }
  return { at: text.length, isFault: true }
}

const space = /[ \t\n\r]*/y
const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const escaped = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

/** Where what the pattern matches from there on ends; the same place where it matches nothing. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}
