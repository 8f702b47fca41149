import { limits } from '../limits.ts'
import type { Link } from '../link/link.svelte.ts'

/** Which open alerts others keep quiet: only the projector knows the rules of it. */
export class Inhibitors {
  readonly #link: Link
  #byId: ReadonlyMap<string, string> = $state.raw(new Map())
  #isPlanned = false

  constructor(link: Link) {
    this.#link = link
  }

  /** The open alert, `<rule>.<key>`, that keeps this one quiet. */
  of(id: string): string | undefined {
    return this.#byId.get(id)
  }

  /** Asks in a moment, once for all that open and close until then. */
  askSoon(): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    setTimeout(() => {
      this.#isPlanned = false
      void this.ask()
    }, limits.inhibitorsAskMs)
  }

  /** Comes back when the answer is known. Without one, what was known stays. */
  async ask(): Promise<void> {
    try {
      const path = `v1/alerts?inhibited=true&limit=${limits.inhibitedAlertsMax}`
      const { items } = await this.#link.read<{ items: readonly { id: string; inhibitedBy?: string }[] }>(path)
      this.#byId = new Map(
        items.flatMap(({ id, inhibitedBy }) => (inhibitedBy === undefined ? [] : [[id, inhibitedBy] as const])),
      )
    } catch {
      // It is asked again when an alert opens or closes.
    }
  }
}
