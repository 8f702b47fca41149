import { WeirError } from '../error.ts'
import { limits } from '../limits.ts'

/**
 * Throws `malformed` unless the value is a subject: dot-separated tokens of `[A-Za-z0-9_=-]+`, at
 * most 16 tokens and 255 bytes, no wildcard.
 */
export function checkSubject(value: string): void {
  const fault = subjectFault(value, false)
  if (fault !== undefined) throw new WeirError('malformed', fault)
}

export function isSubject(value: string): boolean {
  return subjectFault(value, false) === undefined
}

/**
 * What is wrong with a subject or, when wildcards are allowed, with a filter; undefined when
 * nothing is. One pass, no allocation when the value is good: ingest calls it for every event.
 */
export function subjectFault(value: string, wildcards: boolean): string | undefined {
  const kind = wildcards ? 'filter' : 'subject'
  const length = value.length
  if (length === 0) return `The ${kind} is empty: give dot-separated tokens, like rooms.r17.alpha.`
  if (length > limits.subjectBytesMax)
    return `The ${kind} has ${length} bytes; at most ${limits.subjectBytesMax} are allowed.`
  let tokens = 1
  let tokenStart = 0
  for (let at = 0; at < length; at++) {
    const code = value.charCodeAt(at)
    if (code === DOT) {
      if (at === tokenStart) return `The ${kind} "${value}" has an empty token: two dots in a row, or one at an end.`
      tokens++
      tokenStart = at + 1
    } else if (wildcards && (code === STAR || code === GREATER)) {
      if (at !== tokenStart || (at + 1 < length && value.charCodeAt(at + 1) !== DOT)) {
        return `In the filter "${value}" a wildcard must be a whole token: "*" for one, a final ">" for one or more.`
      }
      if (code === GREATER && at + 1 !== length) return `In the filter "${value}" only the last token may be ">".`
    } else if (!isTokenCharacter(code)) {
      return `The ${kind} ${JSON.stringify(value)} has a character that is not allowed at position ${at}: tokens are made of A-Z a-z 0-9 _ = -.`
    }
  }
  if (tokenStart === length) return `The ${kind} "${value}" has an empty token: two dots in a row, or one at an end.`
  if (tokens > limits.subjectTokensMax) {
    return `The ${kind} has ${tokens} tokens; at most ${limits.subjectTokensMax} are allowed.`
  }
  return undefined
}

/**
 * Throws `malformed` unless the value can name a tenant: lower-case letters, digits and `-`, at
 * most 32.
 */
export function checkTenant(value: string): void {
  if (!/^[a-z0-9-]+$/.test(value) || value.length > limits.tenantBytesMax) {
    throw new WeirError(
      'malformed',
      `The tenant ${JSON.stringify(value)} is not a name of a-z, 0-9 and "-" of at most ${limits.tenantBytesMax} characters.`,
    )
  }
}

/**
 * Throws `malformed` unless the value can name a source: `events`, or a bucket of a-z, 0-9, `_` and
 * `-`.
 */
export function checkSource(value: string): void {
  if (!/^[a-z0-9_-]+$/.test(value) || value.length > limits.sourceBytesMax) {
    throw new WeirError(
      'malformed',
      `The source ${JSON.stringify(value)} is neither "events" nor the name of a bucket (a-z, 0-9, "_" and "-").`,
    )
  }
}

const DOT = 0x2e
const STAR = 0x2a
const GREATER = 0x3e

function isTokenCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    code === 0x5f ||
    code === 0x2d ||
    code === 0x3d
  )
}
