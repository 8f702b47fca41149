// Cuts values out of a JSON text as they are written, which JSON.parse does not tell. Each takes
// text that JSON.parse has accepted; of other text the result has no meaning, but it ends.

/** The text of an object's member; of the last one, as in JSON.parse, where the key is doubled. */
export function memberText(object: string, key: string): string | undefined {
  const place = { start: -1, end: -1 }
  findMember(object, 0, key, place)
  return place.start < 0 ? undefined : object.slice(place.start, place.end)
}

/**
 * Says where a member of the object at `start` has its value, or -1; returns where the object ends.
 */
export function findMember(text: string, start: number, key: string, place: { start: number; end: number }): number {
  place.start = -1
  let at = skipSpace(text, skipSpace(text, start) + 1)
  while (text.charCodeAt(at) === QUOTE) {
    const keyEnd = endOfString(text, at)
    const begin = skipSpace(text, skipSpace(text, keyEnd) + 1)
    const end = endOfValue(text, begin)
    if (isKey(text, at, keyEnd, key)) {
      place.start = begin
      place.end = end
    }
    at = skipSpace(text, end)
    // Past a comma; past the brace the object is over, whatever comes.
    if (text.charCodeAt(at) !== COMMA) break
    at = skipSpace(text, at + 1)
  }
  return Math.min(at + 1, text.length)
}

/** The texts of all members of an object, by their keys. */
export function memberTexts(object: string): ReadonlyMap<string, string> {
  const members = new Map<string, string>()
  let at = skipSpace(object, skipSpace(object, 0) + 1)
  while (object.charCodeAt(at) === QUOTE) {
    const keyEnd = endOfString(object, at)
    const begin = skipSpace(object, skipSpace(object, keyEnd) + 1)
    const end = endOfValue(object, begin)
    members.set(keyOf(object.slice(at, keyEnd)), object.slice(begin, end))
    at = skipSpace(object, skipSpace(object, end) + 1)
  }
  return members
}

/**
 * The text of what stands at a path of members and list indexes; undefined when there is nothing.
 */
export function textAt(text: string, path: readonly string[]): string | undefined {
  let found: string | undefined = text.trim()
  for (const name of path) {
    if (found === undefined) return undefined
    found = found.startsWith('[') ? itemTexts(found)[Number(name)] : memberText(found, name)
  }
  return found
}

/** The texts of a list's items. */
export function itemTexts(list: string): string[] {
  const items: string[] = []
  let at = firstItem(list)
  while (at < list.length && list.charCodeAt(at) !== BRACKET_END) {
    const end = endOfValue(list, at)
    items.push(list.slice(at, end))
    at = nextItem(list, end)
  }
  return items
}

/** Where the first item of a list begins. */
export function firstItem(list: string): number {
  return skipSpace(list, skipSpace(list, 0) + 1)
}

/** Where the next item of a list begins, after one that ends here. */
export function nextItem(list: string, end: number): number {
  return skipSpace(list, skipSpace(list, end) + 1)
}

/** Whether the literal from `start` to `end` is this key. */
function isKey(text: string, start: number, end: number, key: string): boolean {
  for (let at = start + 1; at < end; at++) {
    if (text.charCodeAt(at) === BACKSLASH) return keyOf(text.slice(start, end)) === key
  }
  return end - start - 2 === key.length && text.startsWith(key, start + 1)
}

function keyOf(literal: string): string {
  return literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1)
}

/** Where the value that begins at `start` ends. */
export function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start)
  if (first === QUOTE) return endOfString(text, start)
  let at = start
  if (first !== BRACE && first !== BRACKET) {
    while (at < text.length && !isScalarEnd(text.charCodeAt(at))) at++
    return Math.max(at, start + 1)
  }
  let depth = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfString(text, at)
      continue
    }
    at++
    if (code === BRACE || code === BRACKET) depth++
    else if ((code === BRACE_END || code === BRACKET_END) && --depth === 0) return at
  }
  return at
}

/** Most strings are short: a call of indexOf takes longer than a look at each unit of those. */
function endOfString(text: string, start: number): number {
  const near = Math.min(text.length, start + 32)
  let at = start + 1
  for (; at < near; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at + 1
    if (code === BACKSLASH) at++
  }
  return endOfLongString(text, at)
}

/**
 * The quote after a backslash does not end a string, nor does it when a further backslash stands
 * before that one.
 */
function endOfLongString(text: string, start: number): number {
  let at = start
  for (;;) {
    const quote = text.indexOf('"', at)
    if (quote < 0) return text.length
    let backslashes = 0
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++
    at = quote + 1
    if (backslashes % 2 === 0) return at
  }
}

function skipSpace(text: string, start: number): number {
  let at = start
  while (isSpace(text.charCodeAt(at))) at++
  return at
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

function isScalarEnd(code: number): boolean {
  return code === COMMA || code === BRACE_END || code === BRACKET_END || isSpace(code)
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const BRACE = 0x7b
const BRACE_END = 0x7d
const BRACKET = 0x5b
const BRACKET_END = 0x5d
