import type { Weir } from '@weir/client'
import { SvelteMap } from 'svelte/reactivity'
import { finishedStates, type Kind, type Thing } from '../src/thing.ts'
import { limits } from './limits.ts'

/**
 * What there is to do in some branches, from the bucket that holds the newest event of each thing;
 * what was finished long ago is not held. It is no store of the client, as those rest in a hidden
 * tab, and an alert has to sound there.
 */
export class ThingTable {
  readonly #things: SvelteMap<string, Thing> = new SvelteMap()
  /** Whether the state has come. */
  isLoaded = $state(false)

  constructor(weir: Weir, filters: readonly string[]) {
    void this.#read(weir, filters)
    setInterval(() => this.#forget(), limits.forgetEveryMs)
  }

  /** As it is now, which may be later than it was seen. */
  get(thing: Thing): Thing | undefined {
    return this.#things.get(subjectOf(thing))
  }

  /** Those of a kind in some of its states; the oldest first. */
  of(kind: Kind, ...states: readonly string[]): readonly Thing[] {
    return [...this.#things.values()]
      .filter((thing) => thing.kind === kind && states.includes(thing.state))
      .sort((a, b) => a.since.localeCompare(b.since))
  }

  /** Takes what the service has just answered. Its events may come before or after. */
  learn(things: readonly Thing[]): void {
    for (const thing of things) this.#take(subjectOf(thing), thing)
  }

  #take(subject: string, thing: Thing): void {
    const known = this.#things.get(subject)
    if (known !== undefined && known.version >= thing.version) return
    if (isLongOver(thing)) this.#things.delete(subject)
    else this.#things.set(subject, thing)
  }

  #forget(): void {
    for (const [subject, thing] of this.#things) if (isLongOver(thing)) this.#things.delete(subject)
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

function subjectOf({ branch, kind, id }: Thing): string {
  return `kitchen.${branch}.${kind}.${id}`
}

function isLongOver({ state, since }: Thing): boolean {
  return finishedStates.includes(state) && Date.now() - Date.parse(since) > limits.finishedShownMs
}
