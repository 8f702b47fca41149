/** A number from 0 up to 1 that depends on these words alone (FNV-1a, and a mixing of its bits). */
export function chanceOf(...words: readonly (string | number)[]): number {
  let state = 0x811c9dc5
  for (const letter of words.join('/')) state = Math.imul(state ^ (letter.codePointAt(0) ?? 0), 0x01000193)
  let mixed = Math.imul(state ^ (state >>> 15), state | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}
