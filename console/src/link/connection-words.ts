import { clockMinutes } from '../words/clock.ts'
import { count } from '../words/numbers.ts'
import { words } from '../words/words.ts'

export interface ConnectionFacts {
  readonly state: 'connecting' | 'live' | 'behind' | 'recovering' | 'offline' | 'closed'
  /** There is no connection, as nobody has given a token for it. */
  readonly signedOut: boolean
  /** When it was heard last, milliseconds since the Unix epoch. */
  readonly lostAtMs: number | undefined
  readonly attempt: number
  readonly retryAtMs: number | undefined
  /** Entries left out for newer ones since it fell behind. */
  readonly conflated: number
  /** Why it was closed. */
  readonly errorCode: string | undefined
  /** Why the token could not be renewed, while the one before is still good. */
  readonly tokenError: string | undefined
  readonly nowMs: number
}

export interface ConnectionSaid {
  readonly word: string
  /** What follows the word; empty while all is well. */
  readonly detail: string
  readonly hint: string
  readonly tone: 'good' | 'warn' | 'bad'
  /** What a person can do. */
  readonly cure: 'retry' | 'signIn' | 'reload' | undefined
}

/**
 * The state of the connection in words: what is so, since when, what comes next and what cures it.
 */
export function connectionSaid(facts: ConnectionFacts): ConnectionSaid {
  if (facts.signedOut) return { word: words.who.nobody, detail: '', hint: '', tone: 'warn', cure: undefined }
  const said = stateSaid(facts)
  const { state, tokenError } = facts
  if (tokenError === undefined || state === 'offline' || state === 'closed') return said
  const say = words.connection
  const detail = [said.detail, say.notRenewed].filter((part) => part !== '').join(' · ')
  return { ...said, detail, hint: say.notRenewedHint(tokenError), tone: 'warn', cure: 'signIn' }
}

function stateSaid(facts: ConnectionFacts): ConnectionSaid {
  const say = words.connection
  switch (facts.state) {
    case 'live':
      return { word: say.live, detail: '', hint: say.liveHint, tone: 'good', cure: undefined }
    case 'behind': {
      const detail = facts.conflated > 0 ? say.behindBy(count(facts.conflated)) : ''
      return { word: say.behind, detail, hint: say.behindHint, tone: 'warn', cure: undefined }
    }
    case 'recovering':
      return { word: say.synchronising, detail: '', hint: say.syncHint, tone: 'warn', cure: undefined }
    case 'connecting':
      if (facts.attempt > 0) return offline(facts)
      return { word: say.connecting, detail: '', hint: say.connectingHint, tone: 'warn', cure: undefined }
    case 'offline':
      return offline(facts)
    case 'closed':
      return closed(facts)
  }
}

function offline({ lostAtMs, attempt, retryAtMs, nowMs }: ConnectionFacts): ConnectionSaid {
  const say = words.connection
  const waits = retryAtMs === undefined ? undefined : Math.max(0, Math.ceil((retryAtMs - nowMs) / 1000))
  const parts = [
    lostAtMs === undefined ? '' : say.since(clockMinutes(lostAtMs)),
    attempt === 0 ? '' : say.attempt(attempt + (waits === undefined ? 1 : 0)),
    waits === undefined ? say.trying : say.next(waits),
  ]
  const detail = parts.filter((part) => part !== '').join(' · ')
  return {
    word: say.offline,
    detail,
    hint: say.connectingHint,
    tone: 'bad',
    cure: waits === undefined ? undefined : 'retry',
  }
}

function closed({ errorCode }: ConnectionFacts): ConnectionSaid {
  const { closed: word, cures } = words.connection
  const ended = { word, hint: '', tone: 'bad' } as const
  // A finger has no hint: what cures it is said beside the word.
  if (errorCode !== undefined && tokenCodes.has(errorCode)) return { ...ended, detail: cures.token, cure: 'signIn' }
  if (errorCode === 'forbidden') return { ...ended, detail: cures.forbidden, cure: 'signIn' }
  return { ...ended, detail: errorCode === 'draining' ? cures.draining : cures.other, cure: 'reload' }
}

/** Errors that another token cures. */
export const tokenCodes: ReadonlySet<string> = new Set(['unauthenticated', 'token_expired', 'revoked'])
