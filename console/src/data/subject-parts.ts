import { limits } from '../limits.ts'

/**
 * A subject in two pieces: the head may be cut where there is no room, the tail is what tells it
 * from the others.
 */
export interface SubjectParts {
  readonly head: readonly Part[]
  readonly tail: readonly Part[]
}

export interface Part {
  readonly text: string
  /** The same in every subject that is shown beside it. */
  readonly shared: boolean
}

/** At which places these subjects differ. */
export function varyingPlaces(subjects: Iterable<string>): readonly boolean[] {
  let first: readonly string[] | undefined
  const varying: boolean[] = []
  for (const subject of subjects) {
    const tokens = subject.split('.')
    first ??= tokens
    for (let at = 0; at < Math.max(tokens.length, first.length); at++) {
      varying[at] = (varying[at] ?? false) || tokens[at] !== first[at]
    }
  }
  return varying
}

/**
 * Whether an alert's key names a subject: its tokens stand in it beside each other. An alert says
 * its key, not the subject that set it off.
 */
export function isAbout(key: string, subject: string): boolean {
  return key !== '' && `.${subject}.`.includes(`.${key}.`)
}

/**
 * The tail begins where the last tokens that differ do, but is never more than a row of a phone can
 * show.
 */
export function subjectParts(subject: string, varying: readonly boolean[]): SubjectParts {
  const tokens = subject.split('.')
  const differs = varying.includes(true)
  const lengthFrom = (at: number): number => tokens.slice(at).join('.').length
  let tailAt = tokens.length - 1
  while (tailAt > 1 && varying[tailAt] !== true && lengthFrom(tailAt - 1) <= limits.subjectTailMax) tailAt--
  while (tailAt > 1 && varying[tailAt - 1] === true && lengthFrom(tailAt - 1) <= limits.subjectTailMax) tailAt--
  const head: Part[] = []
  const tail: Part[] = []
  for (const [at, token] of tokens.entries()) {
    const text = at === tokens.length - 1 ? token : `${token}.`
    const target = at < tailAt ? head : tail
    const shared = differs && varying[at] !== true
    const last = target.at(-1)
    if (last !== undefined && last.shared === shared) target[target.length - 1] = { text: last.text + text, shared }
    else target.push({ text, shared })
  }
  return { head, tail }
}
