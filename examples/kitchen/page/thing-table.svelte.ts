import type { Weir } from '@weir/client'
import { SvelteMap } from 'svelte/reactivity'
import type { Kind, Thing } from '../src/thing.ts'

/**
 * All things of some branches as they are now, from the bucket that holds the newest event of each.
 * It is no store, as those rest in a hidden tab, and an alert has to sound there.
 */
export class ThingTable {
  readonly #things: SvelteMap<string, Thing> = new SvelteMap()
  /** Whether the state has come. */
  isLoaded = $state(false)

  constructor(weir: Weir, filters: readonly string[]) {
    void this.#read(weir, filters)
  }

  get(id: string): Thing | undefined {
    return [...this.#things.values()].find((thing) => thing.id === id)
  }

  /** Those of a kind in some of its states; the oldest first. */
  of(kind: Kind, ...states: readonly string[]): readonly Thing[] {
    return [...this.#things.values()]
      .filter((thing) => thing.kind === kind && states.includes(thing.state))
      .sort((a, b) => a.since.localeCompare(b.since))
  }

  /** Takes what the service has just answered. Its events may come before or after. */
  learn(things: readonly Thing[]): void {
    for (const thing of things) this.#take(`kitchen.${thing.branch}.${thing.kind}.${thing.id}`, thing)
  }

  #take(subject: string, thing: Thing): void {
    const known = this.#things.get(subject)
    if (known === undefined || known.version < thing.version) this.#things.set(subject, thing)
  }

  async #read(weir: Weir, filters: readonly string[]): Promise<void> {
    for await (const item of weir.subscribe({ source: 'kitchen', filters, mode: 'LATEST' })) {
      if (item.type === 'reset') this.#things.clear()
      if (item.type === 'removed') this.#things.delete(item.subject)
      if (item.type === 'entry' && item.data !== undefined) this.#take(item.subject, item.data as Thing)
      if (item.type === 'state' && item.state === 'live') this.isLoaded = true
    }
  }
}
