/**
 * 53 bits of a text, by FNV-1a in two lanes: enough to tell texts apart, with no claim against who
 * wants two to be alike.
 */
export function textHash(text: string): string {
  let low = 0x811c9dc5
  let high = 0xcbf29ce4
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    low = Math.imul(low ^ code, 0x01000193)
    high = Math.imul(high ^ code, 0x01000197)
  }
  return ((low >>> 0) * 0x20_0000 + ((high >>> 0) % 0x20_0000)).toString(36)
}
