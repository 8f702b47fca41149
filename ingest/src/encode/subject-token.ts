/**
 * Any text as one token of a subject: each character that a token cannot have becomes `_`, and nothing at all becomes `_`.
 * Different texts can give the same token, so what has to be told apart exactly stands in labels as well.
 */
export function subjectToken(text: string): string {
  if (text === '') return '_'
  return clean.test(text) ? text : text.replaceAll(/[^A-Za-z0-9_=-]/g, '_')
}

/** Text that is dotted or slashed already, as its tokens: `http.server.duration`, `/v1/rooms`. Empty parts are dropped. */
export function subjectTokens(text: string): string {
  if (cleanDotted.test(text)) return text
  const tokens = text.split(/[./]/).filter((part) => part !== '')
  return tokens.length === 0 ? '_' : tokens.map(subjectToken).join('.')
}

const clean = /^[A-Za-z0-9_=-]+$/
const cleanDotted = /^[A-Za-z0-9_=-]+(\.[A-Za-z0-9_=-]+)*$/
