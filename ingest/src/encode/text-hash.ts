/**
 * 53 bits of a text, by FNV-1a in two lanes: enough to tell texts apart, with no claim against who
 * wants two to be alike. Written to the base 36.
 */
export function textHash(text: string): string {
  let low = 0x811c9dc5
  let high = 0xcbf29ce4
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    low = Math.imul(low ^ code, 0x01000193)
    high = Math.imul(high ^ code, 0x01000197)
  }
  return base36((low >>> 0) * 0x20_0000 + ((high >>> 0) % 0x20_0000))
}

/** What `toString(36)` gives of an integer, which takes three times as long past 32 bits. */
function base36(integer: number): string {
  let rest = integer
  let text = ''
  while (rest >= PAIRS) {
    const more = Math.floor(rest / PAIRS)
    text = (pairs[rest - more * PAIRS] as string) + text
    rest = more
  }
  return (rest < 36 ? rest.toString(36) : (pairs[rest] as string)) + text
}

const PAIRS = 36 * 36
/** Two digits each. */
const pairs: readonly string[] = Array.from({ length: PAIRS }, (_, at) => at.toString(36).padStart(2, '0'))
