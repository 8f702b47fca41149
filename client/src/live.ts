import { parseDuration, WeirError } from '@weir/proto'
import type { HistoryItem } from './read/queries.ts'
import type { SubscriptionItem } from './subscription/subscription-item.ts'
import type { Weir } from './weir.ts'

export type LiveOptions = {
  /** Which subjects, one filter or several; `*` is one token, and a final `>` one or more. */
  readonly filter: string | readonly string[]
} & (
  | {
      /** How far back: `30s`, `15m`, `6h`, `7d`, or milliseconds. */
      readonly since: string | number
    }
  | {
      /** How many back: the newest so many, the oldest of them first. */
      readonly last: number
    }
)

/** What was, then `now`, then what is. */
export type LiveItem = HistoryItem | { readonly type: 'now' } | SubscriptionItem

/**
 * Every event of the last while, or the last so many, from the history, and then every one that
 * comes, joined at one cursor: none is missing and none comes twice. An item `now` stands between
 * the two. Throws WeirError `invalid` for what is no duration or no count, and `not_found` where
 * the mesh keeps no history.
 */
export async function* live(weir: Weir, options: LiveOptions): AsyncGenerator<LiveItem, undefined> {
  const { filter } = options
  const past =
    'last' in options
      ? weir.history({ filter, order: 'desc', limit: countOf(options.last) })
      : weir.history({ filter, from: Date.now() - durationMs(options.since) })
  const { cursor } = await past
  if ('last' in options) {
    const newest: HistoryItem[] = []
    for await (const item of past) newest.push(item)
    yield* newest.reverse()
  } else {
    yield* past
  }
  yield { type: 'now' }
  // Only now: what nobody reads yet would take up the window of the connection.
  const present = weir.subscribe({ filters: [filter].flat(), mode: 'ALL', cursor })
  try {
    for await (const item of present) yield item
  } finally {
    present.close()
  }
}

function countOf(last: number): number {
  if (Number.isInteger(last) && last >= 1) return last
  throw new WeirError('invalid', `last: ${last} is not a whole number above 0.`)
}

function durationMs(text: string | number): number {
  if (typeof text === 'number' && text >= 0) return text
  const ms = parseDuration(String(text))
  if (ms === undefined) throw new WeirError('invalid', `since: "${text}" is not a duration like 15m, 1.5h or 7d.`)
  return ms
}
