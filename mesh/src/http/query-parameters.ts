import { WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'

/**
 * Refuses a query with a parameter that is not known: to pass over it would answer another question
 * than the one that was asked. Throws `malformed`.
 */
export function checkParameters(query: URLSearchParams, known: readonly string[]): void {
  for (const name of query.keys()) {
    if (known.includes(name)) continue
    const there = known.length === 0 ? 'there are none' : `there are ${known.join(', ')}`
    throw new WeirError(
      'malformed',
      `There is no parameter "${name.slice(0, limits.parameterQuotedMax)}" here: ${there}.`,
    )
  }
}

/** Whether a parameter says `true`; false without it. Throws `malformed` for another word. */
export function flagOf(query: URLSearchParams, name: string): boolean {
  const text = query.get(name)
  if (text === null || text === 'false') return false
  if (text === 'true') return true
  throw new WeirError('malformed', `${name}: true or false is expected.`)
}
