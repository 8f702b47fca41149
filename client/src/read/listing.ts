import { WeirError } from '@weir/proto'
import { readLimits } from '../limits.ts'

/** One answer of the read API to a request for many. */
export interface Page<Item> {
  readonly items: readonly Item[]
  /** Where the next page begins; undefined on the last. */
  readonly next: string | undefined
}

/**
 * What matches a query: `for await` gives every item, page after page, up to the query's `limit`;
 * `await` gives one page, whose `next` says whether there is more. The first page is asked for at
 * once.
 */
export type Listing<Item, Answer extends Page<Item>> = Promise<Answer> & AsyncIterable<Item>

/** `load` asks for one page of so many items, from `after`, or from where the page before said. */
export function listing<Item, Answer extends Page<Item>>(
  limit: number | undefined,
  after: string | undefined,
  load: (limit: number, after: string | undefined) => Promise<Answer>,
): Listing<Item, Answer> {
  const first = load(pageItems(limit), after)
  return Object.assign(first, { [Symbol.asyncIterator]: () => itemsFrom(first, load, limit) })
}

async function* itemsFrom<Item>(
  first: Promise<Page<Item>>,
  load: (limit: number, after: string | undefined) => Promise<Page<Item>>,
  limit: number | undefined,
): AsyncGenerator<Item, undefined> {
  let left = limit ?? Number.POSITIVE_INFINITY
  let page = await first
  for (;;) {
    for (const item of page.items) {
      if (left-- <= 0) return
      yield item
    }
    const { next } = page
    if (next === undefined || left <= 0) return
    page = await load(pageItems(limit === undefined ? undefined : left), next)
    if (page.next === next) throw new WeirError('internal', 'The read API gives the same page again and again.')
  }
}

function pageItems(limit: number | undefined): number {
  return limit === undefined ? readLimits.pageItems : Math.min(limit, readLimits.pageItemsMax)
}
