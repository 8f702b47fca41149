import { create } from '@bufbuild/protobuf'
import { EventSchema, subjectFault, validateFields } from '@weir/proto'
import { ingestLimits } from '../limits.ts'
import { encodeLabels } from './event-encoder.ts'
import { LabelList } from './label-list.ts'
import { hasRoomForIdentity, subjectToken, withIdentity } from './subject-token.ts'

/** What is told apart by a set of names and texts, and has a subject of its own. */
export interface LabelledSeries {
  readonly subject: string
  /** All of them that an event has room for. The events of the series share the object. */
  readonly labels: { [name: string]: string }
  /**
   * The labels as the field of an Event, once subject and labels have passed the rules of events,
   * so that no event of the series has to check or encode them again. Undefined for those that do
   * not pass.
   */
  readonly encodedLabels: Uint8Array | undefined
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
  return checkedSeries(withIdentity(hasRoomForIdentity(subject) ? subject : base, identity), { ...labels })
}

/** The series of a subject with these labels, which belong to it. */
export function checkedSeries(subject: string, labels: LabelledSeries['labels']): LabelledSeries {
  const isValid =
    subjectFault(subject, false) === undefined && validateFields(create(EventSchema, { labels })) === undefined
  return { subject, labels, encodedLabels: isValid ? encodedOf(labels) : undefined }
}

function encodedOf(labels: LabelledSeries['labels']): Uint8Array | undefined {
  try {
    return encodeLabels(labels)
  } catch {
    // The event that has them says what is wrong.
    return undefined
  }
}

/**
 * Remembers the series that come over and over, within a bound: past it all are forgotten and made
 * anew.
 */
export class SeriesCache<S extends LabelledSeries> {
  readonly #scopes = new Map<string, Map<string, S>>()
  #units = 0

  /**
   * The series of a text in its scope, such as a bucket, which `make` makes where it is not known;
   * undefined where that makes none.
   */
  get(scope: string, text: string, make: () => S | undefined): S | undefined {
    const known = this.#scopes.get(scope)?.get(text)
    if (known !== undefined) return known
    const made = make()
    if (made === undefined) return undefined
    const units = 2 * text.length + made.subject.length + (made.encodedLabels?.length ?? 0)
    this.#add(units)
    let series = this.#scopes.get(scope)
    if (series === undefined) {
      series = new Map()
      this.#scopes.set(scope, series)
      this.#units += scope.length
    }
    series.set(text, made)
    return made
  }

  #add(units: number): void {
    this.#units += units
    if (this.#units <= ingestLimits.seriesUnitsMax) return
    this.#scopes.clear()
    this.#units = units
  }
}
