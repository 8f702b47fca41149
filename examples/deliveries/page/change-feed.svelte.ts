import type { Entry, SubscriptionItem } from '@weir/client'
import type { Session } from '../../page/src/session.ts'
import { type Category, isCategory } from '../src/states.ts'
import type { EntityCache } from './entity-cache.svelte.ts'
import { limits } from './limits.ts'

/** A change that came, with the category that it made old. */
export interface Invalidation {
  readonly key: string
  readonly category: Category
  readonly entity: string
  readonly from: string
  readonly to: string
  readonly by: string
  readonly at: number
}

const RESUME_NAME = 'deliveries'

/** Whether the subscription goes on where it was before a reload, with all that changed since. */
export function goesOn(storage: Storage): boolean {
  return storage.getItem(`weir:${RESUME_NAME}`) !== null
}

/** What is known of the last time without a connection. */
export type Continuity =
  | { readonly kind: 'proved'; readonly cursor: string; readonly missed: number; readonly atMs: number }
  | { readonly kind: 'refetched'; readonly reason: string; readonly atMs: number }

/**
 * Every change from the cursor that the page has reached. The hub goes on behind it, or says that
 * there is a gap, so a page that is live again has missed nothing or fetches everything anew.
 */
export class ChangeFeed {
  record: readonly Invalidation[] = $state.raw([])
  continuity: Continuity | undefined = $state.raw()
  /** How many changes have come. */
  count = $state(0)
  readonly #cache: EntityCache
  /** Undefined while there is a connection. */
  #absence: Absence | undefined
  /** When the connection came back the last time. */
  #backAtMs = 0
  #cursor = ''

  constructor(session: Session, cache: EntityCache) {
    this.#cache = cache
    void this.#read(session)
  }

  async #read({ weir }: Session): Promise<void> {
    const subscription = weir.subscribe({ filter: 'deliveries.>', mode: 'ALL', resume: RESUME_NAME })
    for await (const item of subscription) {
      this.#cursor = subscription.cursor ?? this.#cursor
      this.#take(item)
    }
  }

  #take(item: SubscriptionItem): void {
    if (item.type === 'entry') this.#takeChange(item)
    if (item.type === 'gap') this.#takeGap(item.reason)
    if (item.type !== 'state') return
    if (item.state === 'recovering' || item.state === 'offline') this.#absence ??= { from: this.#cursor, missed: 0 }
    if (item.state !== 'live') return
    if (this.#absence !== undefined) this.#comeBack(this.#absence)
    // Only now: what changes after this is heard.
    this.#cache.refreshStale()
    this.#cache.retryNow()
  }

  #comeBack({ from, missed, gap }: Absence): void {
    this.#absence = undefined
    this.#backAtMs = Date.now()
    if (gap === undefined) this.continuity = { kind: 'proved', cursor: from, missed, atMs: this.#backAtMs }
    else this.continuity = { kind: 'refetched', reason: gap, atMs: this.#backAtMs }
  }

  #takeChange(entry: Entry): void {
    const { stateChange: change, event } = entry
    if (change === undefined || !isCategory(change.category)) return
    this.count++
    const at = event.time === undefined ? Date.now() : Number(event.time.seconds) * 1000 + event.time.nanos / 1e6
    const { category, entity, from, to, name } = change
    const { usuario: by = '', version, vehiculo: vehicle = null } = event.labels
    const changedAt = new Date(at).toISOString()
    // The change itself is seen at once; what follows from it comes with the list.
    this.#cache.learn({
      category,
      id: entity,
      name,
      state: to,
      version: Number(version),
      vehicle,
      changedBy: by,
      changedAt,
    })
    this.#cache.invalidate(category)
    const line = { key: event.id, category, entity, from, to, by, at }
    this.record = [line, ...this.record].slice(0, limits.recordMax)
    if (this.#absence !== undefined) this.#absence.missed++
    else if (this.continuity?.kind === 'proved' && at < this.#backAtMs) {
      this.continuity = { ...this.continuity, missed: this.continuity.missed + 1 }
    }
  }

  #takeGap(reason: string): void {
    this.#cache.invalidateAll()
    if (this.#absence !== undefined) this.#absence.gap = reason
    this.continuity = { kind: 'refetched', reason, atMs: Date.now() }
  }
}

/**
 * A time without a connection. What was missed may come before its end, as a connection is live
 * when all of its subscriptions are.
 */
interface Absence {
  /** The cursor with which it began. */
  readonly from: string
  missed: number
  /** Why the hub cannot say all that was missed. */
  gap?: string
}
