import { ingestLimits } from '../../limits.ts'

/**
 * The texts of a request of remote write 2.0, to which its series refer by their places. Each
 * request has its own order, so texts that come in many requests have a number here, by which a
 * series is known again without its texts.
 */
export class Symbols {
  readonly #texts: readonly string[]
  readonly #numbers: readonly number[]

  constructor(texts: readonly string[]) {
    this.#texts = texts
    this.#numbers = texts.map(numberOf)
  }

  get count(): number {
    return this.#texts.length
  }

  /** The place must be below `count`. */
  textOf(place: number): string {
    return this.#texts[place] as string
  }

  /** The same for the same texts in the same order, and of nothing else, in this process. */
  keyOf(places: readonly number[]): string {
    units.length = 1
    for (const place of places) {
      const number = this.#numbers[place] as number
      // 48 bits: no number is used twice, however many texts are forgotten.
      units.push(number % UNITS, Math.floor(number / UNITS) % UNITS, Math.floor(number / (UNITS * UNITS)))
    }
    return units.length <= ingestLimits.symbolsKeyUnitsMax
      ? String.fromCharCode.apply(null, units)
      : units.map((unit) => String.fromCharCode(unit)).join('')
  }
}

/** The first of them stands in no key of version 1.0, whose units are bytes. */
const units: number[] = [0xffff]
const UNITS = 0x1_0000

function numberOf(text: string): number {
  const known = numbers.get(text)
  if (known !== undefined) return known
  const size = text.length + ENTRY_UNITS
  rememberedUnits += size
  if (rememberedUnits > ingestLimits.symbolUnitsMax) {
    numbers.clear()
    rememberedUnits = size
  }
  numbers.set(text, ++last)
  return last
}

/** What one of them takes beside its text, about. */
const ENTRY_UNITS = 32
const numbers = new Map<string, number>()
let rememberedUnits = 0
let last = 0
