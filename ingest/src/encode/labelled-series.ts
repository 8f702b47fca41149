import { ingestLimits } from '../limits.ts'
import { LabelList } from './label-list.ts'
import { hasRoomForIdentity, subjectToken, withIdentity } from './subject-token.ts'

/** What is told apart by a set of names and texts, and has a subject of its own. */
export interface LabelledSeries {
  readonly subject: string
  /** All of them that an event has room for. The events of the series share the object. */
  readonly labels: { [name: string]: string }
}

/** Names with their texts, in the order of the names. */
export type Pairs = readonly (readonly [name: string, text: string])[]

/**
 * A series whose subject begins with `base`, then has a token `<name>=<text>` for each of `pairs`
 * that is not in `base` already, and ends in the token of its identity. Always so: a series of
 * OpenTelemetry may have the same readable tokens.
 */
export function labelledSeries(
  base: string,
  pairs: Pairs,
  inBase: ReadonlySet<string>,
  identity: string,
): LabelledSeries {
  const list = new LabelList()
  let subject = base
  for (const [name, text] of pairs) {
    list.add(name, text)
    if (!inBase.has(name)) subject += `.${subjectToken(name).replaceAll('=', '_')}=${subjectToken(text)}`
  }
  const labels: { [name: string]: string } = Object.create(null)
  list.addTo(labels, 0)
  // A copy, as objects without a prototype are slow to go through.
  return { subject: withIdentity(hasRoomForIdentity(subject) ? subject : base, identity), labels: { ...labels } }
}

/**
 * Remembers the series that come over and over, within a bound: past it all are forgotten and made
 * anew.
 */
export class SeriesCache {
  readonly #series = new Map<string, LabelledSeries>()
  #units = 0

  /**
   * The series of a text, which `make` makes where it is not known; undefined where that makes
   * none.
   */
  get(text: string, make: () => LabelledSeries | undefined): LabelledSeries | undefined {
    const known = this.#series.get(text)
    if (known !== undefined) return known
    const made = make()
    if (made === undefined) return undefined
    const units = 2 * text.length + made.subject.length
    this.#units += units
    if (this.#units > ingestLimits.seriesUnitsMax) {
      this.#series.clear()
      this.#units = units
    }
    this.#series.set(text, made)
    return made
  }
}
