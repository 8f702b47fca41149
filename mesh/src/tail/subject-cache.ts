import { limits } from '../config/limits.ts'

/**
 * The string of a subject's bytes: one that was made before where there is one, since a service
 * sees the same subjects again and again, and a string that is known is cheap to look up.
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

/** Whether a string is these bytes. Only ever true of ASCII, so others are decoded each time. */
function isText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) !== bytes[start + at]) return false
  return true
}

/** Each holds the newest subject whose hash leads there, so it never grows. */
const places: number = limits.subjectPlaces
const cache: (string | undefined)[] = new Array<string | undefined>(places).fill(undefined)
const decoder = new TextDecoder()
