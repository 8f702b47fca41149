import { limits } from '../limits.ts'

/**
 * A subject in three pieces: the head may be cut where there is no room, the tail is what tells it
 * from the others, and the identity is cut first.
 */
export interface SubjectParts {
  readonly head: readonly Part[]
  readonly tail: readonly Part[]
  /** The token `.id=<hash>` that ingest adds, where the subject is told apart without it. */
  readonly identity: string
}

export interface Part {
  readonly text: string
  /** The same in every subject that is shown beside it. */
  readonly shared: boolean
}

/** What differs in the subjects that are shown beside each other. */
export interface Varying {
  readonly places: readonly boolean[]
  /** Whether some of them differ in nothing but the token `id=<hash>`. */
  readonly identity: boolean
}

export const nothingVaries: Varying = { places: [], identity: false }

/** The last token of a series whose others do not say all that tells it apart (docs/otlp.md). */
const identityToken = /\.id=[\w-]{14}$/

/** At which places these subjects differ. */
export function varyingPlaces(subjects: Iterable<string>): Varying {
  let first: readonly string[] | undefined
  const places: boolean[] = []
  let identity = false
  /** Subjects by what is left of them without their identity. */
  const known = new Map<string, string>()
  for (const subject of subjects) {
    const readable = subject.replace(identityToken, '')
    if ((known.get(readable) ?? subject) !== subject) identity = true
    known.set(readable, subject)
    const tokens = readable.split('.')
    first ??= tokens
    for (let at = 0; at < Math.max(tokens.length, first.length); at++) {
      places[at] = (places[at] ?? false) || tokens[at] !== first[at]
    }
  }
  return { places, identity }
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
export function subjectParts(subject: string, { places, identity }: Varying): SubjectParts {
  const hash = identity ? '' : (identityToken.exec(subject)?.[0] ?? '')
  const tokens = subject.slice(0, subject.length - hash.length).split('.')
  /** Of a subject that has one where others need theirs, the identity differs. */
  const isVarying = (at: number): boolean =>
    places[at] === true || (identity && at === tokens.length - 1 && identityToken.test(subject))
  const differs = identity || places.includes(true)
  const lengthFrom = (at: number): number => tokens.slice(at).join('.').length
  let tailAt = tokens.length - 1
  while (tailAt > 1 && !isVarying(tailAt) && lengthFrom(tailAt - 1) <= limits.subjectTailMax) tailAt--
  while (tailAt > 1 && isVarying(tailAt - 1) && lengthFrom(tailAt - 1) <= limits.subjectTailMax) tailAt--
  const head: Part[] = []
  const tail: Part[] = []
  for (const [at, token] of tokens.entries()) {
    const text = at === tokens.length - 1 ? token : `${token}.`
    const target = at < tailAt ? head : tail
    const shared = differs && !isVarying(at)
    const last = target.at(-1)
    if (last !== undefined && last.shared === shared) target[target.length - 1] = { text: last.text + text, shared }
    else target.push({ text, shared })
  }
  return { head, tail, identity: hash }
}
