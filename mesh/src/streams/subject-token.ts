import { hash } from 'node:crypto'
import { limits } from '@weir/proto'

/**
 * Any text as one token of a subject: each character that a token cannot have becomes `_`, and
 * nothing at all becomes `_`. Different texts can give the same token. Where the result is not the
 * text, the subject has to end in an identityToken.
 */
export function subjectToken(text: string): string {
  if (text === '') return '_'
  return clean.test(text) ? text : text.replaceAll(/[^A-Za-z0-9_=-]/g, '_')
}

/**
 * Text that is dotted or slashed already, as its tokens: `http.server.duration`, `/v1/rooms`. Empty
 * parts are dropped.
 */
export function subjectTokens(text: string): string {
  if (cleanDotted.test(text)) return text
  const tokens = text.split(/[./]/).filter((part) => part !== '')
  return tokens.length === 0 ? '_' : tokens.map(subjectToken).join('.')
}

/**
 * The subject of a text, and of no other text: its tokens, with an identityToken where they are not
 * the text itself.
 */
export function textSubject(text: string): string {
  return cleanDotted.test(text) && isWhole(text) ? text : withIdentity(subjectTokens(text), text)
}

/**
 * The subject of a template with these values, and of no other values: each is one token. `render`
 * fills the template, with each value as `encode` gives it.
 */
export function valuesSubject(render: (encode: (value: string) => string) => string): string {
  const texts: string[] = []
  let isReadable = true
  const readable = render((text) => {
    const token = subjectToken(text)
    isReadable &&= token === text
    texts.push(text)
    return token
  })
  return isReadable && isWhole(readable) ? readable : withIdentity(readable, JSON.stringify(texts))
}

/**
 * A subject whose readable tokens leave something out of the identity, such as a character that a
 * token cannot have: cut to what a subject has room for, and told apart by the last token.
 */
export function withIdentity(readable: string, identity: string): string {
  return `${cut(readable)}.${identityToken(identity)}`
}

/**
 * `id=` and 84 bits of the SHA-256 of an identity, in base64url. It depends on nothing else, so it
 * is the same in every process and after every restart. By accident two of a billion identities are
 * alike once in ten million meshes.
 */
export function identityToken(identity: string): string {
  return `id=${hash('sha256', identity, 'base64url').slice(0, 14)}`
}

/**
 * Whether readable tokens can be a subject as they are: they fit, and do not end as a subject with
 * an identityToken does.
 */
export function isWhole(readable: string): boolean {
  return (
    readable.length <= limits.subjectBytesMax &&
    tokenCount(readable) <= limits.subjectTokensMax &&
    !readable.startsWith('id=', readable.lastIndexOf('.') + 1)
  )
}

/** Whether readable tokens leave room for an identityToken. */
export function hasRoomForIdentity(readable: string): boolean {
  return readable.length <= READABLE_BYTES_MAX && tokenCount(readable) < limits.subjectTokensMax
}

function cut(readable: string): string {
  if (hasRoomForIdentity(readable)) return readable
  const tokens = readable.slice(0, READABLE_BYTES_MAX).split('.')
  if (tokens.at(-1) === '') tokens.pop()
  return tokens.slice(0, limits.subjectTokensMax - 1).join('.')
}

function tokenCount(subject: string): number {
  let tokens = 1
  for (let at = subject.indexOf('.'); at >= 0; at = subject.indexOf('.', at + 1)) tokens++
  return tokens
}

/** What is left beside `.id=` and 14 characters. */
const READABLE_BYTES_MAX = limits.subjectBytesMax - 18
const clean = /^[A-Za-z0-9_=-]+$/
const cleanDotted = /^[A-Za-z0-9_=-]+(\.[A-Za-z0-9_=-]+)*$/
