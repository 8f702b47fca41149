import { limits } from '../config/limits.ts'

/**
 * Returns the string of a subject's bytes, from a cache where possible. A service sees the same
 * subjects again and again, and a Map finds a string fast whose hash is known.
 */
export function internSubject(bytes: Uint8Array, start: number, end: number): string {
  let hash = 0
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0
  const place = (hash ^ (hash >>> 16)) & (places - 1)
  const known = cache[place]
  if (known !== undefined && isText(known, bytes, start, end)) return known
  const subject = decoder.decode(bytes.subarray(start, end))
  cache[place] = subject
  return subject
}

/**
 * Whether a string consists of these bytes. It is false for all but ASCII, so other subjects are
 * decoded each time.
 */
function isText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) !== bytes[start + at]) return false
  return true
}

/** Each place holds the newest subject whose hash leads there, so the cache never grows. */
const places: number = limits.subjectPlaces
const cache: (string | undefined)[] = new Array<string | undefined>(places).fill(undefined)
const decoder = new TextDecoder()
