import { backoffMs } from '@weir/proto'
import { type Category, categories, type Entity } from '../src/states.ts'
import { limits } from './limits.ts'

/** The list of one category, and whether it is still what the service has. */
export interface CachedList {
  readonly items: readonly Entity[]
  readonly status: 'fresh' | 'stale' | 'fetching'
  /** When it was fetched; undefined for never. */
  readonly fetchedAt: number | undefined
  /** How often it was fetched. */
  readonly fetches: number
  /** How often it was invalidated. */
  readonly invalidations: number
}

/**
 * What the page knows of the service, a list a category, until a change says that it is old. A list
 * is kept with its mark over a reload of the page: what the storage calls fresh was fresh at the
 * cursor that the subscription keeps beside it.
 */
export class EntityCache {
  readonly lists: Record<Category, CachedList>
  readonly #fetchList: (category: Category) => Promise<readonly Entity[]>
  readonly #storage: Storage
  /** Categories that were invalidated while their list was on its way. */
  readonly #again: Set<Category> = new Set()
  readonly #busy: Set<Category> = new Set()
  #retry = (): void => {}

  /** What the storage calls fresh is believed where `isContinued`: all changes since will come. */
  constructor(fetchList: (category: Category) => Promise<readonly Entity[]>, storage: Storage, isContinued: boolean) {
    this.#fetchList = fetchList
    this.#storage = storage
    const lists = $state(
      Object.fromEntries(categories.map((each) => [each, this.#kept(each, isContinued)])) as EntityCache['lists'],
    )
    this.lists = lists
  }

  /** Whether a list is not what the service has, as far as the page knows. */
  get isBehind(): boolean {
    return categories.some((category) => this.lists[category].status !== 'fresh')
  }

  find(category: Category, id: string): Entity | undefined {
    return this.lists[category].items.find((entity) => entity.id === id)
  }

  /** Takes an entity as an answer or an event tells it, unless the list has a newer one. */
  learn(entity: Entity): void {
    const { items } = this.lists[entity.category]
    const newer = newerOf(items, [entity])
    if (newer.some((each, at) => each !== items[at])) this.#change(entity.category, { items: newer })
  }

  /** Marks a list as old, and fetches it again. The mark is in the storage when this returns. */
  invalidate(category: Category): void {
    this.#change(category, { status: 'stale', invalidations: this.lists[category].invalidations + 1 })
    void this.#refresh(category)
  }

  invalidateAll(): void {
    for (const category of categories) this.invalidate(category)
  }

  /** Fetches what is old, as after a reload. */
  refreshStale(): void {
    for (const category of categories) if (this.lists[category].status !== 'fresh') void this.#refresh(category)
  }

  /** Tries again at once what waits for its time. */
  retryNow(): void {
    this.#retry()
  }

  async #refresh(category: Category): Promise<void> {
    if (this.#busy.has(category)) {
      this.#again.add(category)
      return
    }
    this.#busy.add(category)
    for (let attempt = 0; ; attempt++) {
      this.#again.delete(category)
      this.#change(category, { status: 'fetching' })
      try {
        const fetched = await this.#fetchList(category)
        const { fetches, items: known } = this.lists[category]
        const status = this.#again.has(category) ? 'stale' : 'fresh'
        // A list that was asked for before a change that is known does not take that change back.
        const items = status === 'stale' ? newerOf(fetched, known) : fetched
        this.#change(category, { items, status, fetchedAt: Date.now(), fetches: fetches + 1 })
        if (status === 'fresh') break
        attempt = -1
      } catch {
        this.#change(category, { status: 'stale' })
        await this.#pause(backoffMs(attempt, limits.retryFirstMs, limits.retryMaxMs))
      }
    }
    this.#busy.delete(category)
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      const before = this.#retry
      this.#retry = () => {
        before()
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #change(category: Category, changes: Partial<CachedList>): void {
    const list = { ...this.lists[category], ...changes }
    this.lists[category] = list
    this.#storage.setItem(keyOf(category), JSON.stringify(list))
  }

  #kept(category: Category, isContinued: boolean): CachedList {
    const kept = this.#storage.getItem(keyOf(category))
    const empty = { items: [], status: 'stale', fetchedAt: undefined, fetches: 0, invalidations: 0 } as const
    if (kept === null) return empty
    const list = JSON.parse(kept) as CachedList
    return { ...list, status: isContinued && list.status === 'fresh' ? 'fresh' : 'stale' }
  }
}

/** The entities of a list, each as the other has it where the other has a newer version. */
function newerOf(list: readonly Entity[], other: readonly Entity[]): readonly Entity[] {
  const others = new Map(other.map((entity) => [entity.id, entity]))
  return list.map((entity) => {
    const twin = others.get(entity.id)
    return twin !== undefined && twin.version > entity.version ? twin : entity
  })
}

function keyOf(category: Category): string {
  return `deliveries.${category}`
}
