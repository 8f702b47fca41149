import { limits } from '../limits.ts'

/** A subject with what came last under it. */
export interface Lively<Item> {
  readonly subject: string
  readonly item: Item
}

interface Counted<Item> extends Lively<Item> {
  /** Its changes, each of which counts half after `limits.livelyHalfLifeSeconds`. */
  readonly score: number
  /** About the logarithm of the score, to the base of 2; undefined before it is first ranked. */
  readonly step: number | undefined
}

/**
 * The subjects that changed most lately. Those that are about as lively stand in the order of their
 * names, and all keep their places for some seconds: a list that is sorted anew by each change
 * cannot be read.
 */
export class LivelySubjects<Item> {
  readonly #bySubject = new Map<string, Counted<Item>>()
  #order: readonly string[] = []
  #seconds = 0

  /** Past the bound further subjects are passed over. */
  changed(subject: string, item: Item): void {
    const before = this.#bySubject.get(subject)
    if (before === undefined && this.#bySubject.size >= limits.livelySubjectsMax) return
    this.#bySubject.set(subject, { subject, item, score: (before?.score ?? 0) + 1, step: before?.step })
  }

  /** To be called once a second: what is left of each, the liveliest first. */
  ranked(): readonly Lively<Item>[] {
    this.#fade()
    this.#seconds++
    if (this.#order.length < limits.livelyShown || this.#seconds % limits.livelyOrderSeconds === 0) {
      this.#order = [...this.#bySubject.values()]
        .sort((a, b) => (b.step ?? 0) - (a.step ?? 0) || (a.subject < b.subject ? -1 : 1))
        .slice(0, limits.livelyShown)
        .map(({ subject }) => subject)
    }
    return this.#order.flatMap((subject) => this.#bySubject.get(subject) ?? [])
  }

  #fade(): void {
    for (const [subject, counted] of this.#bySubject) {
      const score = counted.score * LEFT_A_SECOND
      if (score < 0.05) this.#bySubject.delete(subject)
      else this.#bySubject.set(subject, { ...counted, score, step: stepOf(score, counted.step) })
    }
  }
}

/** A score leaves its step by more than a half before it has another: none goes to and fro. */
function stepOf(score: number, before: number | undefined): number {
  const exact = Math.log2(score)
  return before !== undefined && Math.abs(exact - before) < 0.8 ? before : Math.round(exact)
}

const LEFT_A_SECOND = 0.5 ** (1 / limits.livelyHalfLifeSeconds)
