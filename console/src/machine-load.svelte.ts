import type { Weir } from '@weir/client'
import type { Event } from '@weir/proto'
import { HostLoad, hostFilters, type LoadColumns } from './host-load.ts'

/** CPU and memory of this machine: the stored past first, then live from where the past ended. */
export class MachineLoad {
  columns: LoadColumns = $state.raw({ times: [], cpu: [], memory: [] })
  host: string | undefined = $state()

  readonly windowSeconds: number
  readonly #load: HostLoad
  readonly #weir: Weir
  #scheduled = false

  constructor(weir: Weir, windowSeconds: number) {
    this.#weir = weir
    this.windowSeconds = windowSeconds
    this.#load = new HostLoad(windowSeconds)
  }

  /** Comes back when the connection is closed. */
  async run(): Promise<void> {
    const cursor = await this.#readPast().catch(() => undefined)
    const live = this.#weir.subscribe({
      filters: Object.values(hostFilters),
      mode: 'ALL',
      ...(cursor === undefined ? {} : { cursor }),
    })
    for await (const item of live) if (item.type === 'entry') this.#take(item.subject, item.event)
  }

  /** The cursor from which live goes on: that of the query which looked first, so that nothing is between. */
  async #readPast(): Promise<string | undefined> {
    const from = Date.now() - this.windowSeconds * 1000
    let cursor: string | undefined
    for (const filter of Object.values(hostFilters)) {
      let next: string | undefined
      for (let page = 0; page < pagesMax; page++) {
        const answer = await this.#weir.history({
          filter,
          from,
          step: stepSeconds,
          limit: pageItems,
          ...(next === undefined ? {} : { cursor: next }),
        })
        for (const { subject, event } of answer.items) this.#take(subject, event)
        cursor ??= answer.cursor
        next = answer.next
        if (next === undefined) break
      }
    }
    return cursor
  }

  #take(subject: string, event: Event): void {
    if (event.data.case !== 'reading' || event.time === undefined) return
    const value = event.data.value.metrics.value
    if (value === undefined) return
    this.#load.add(subject, Number(event.time.seconds) * 1000 + event.time.nanos / 1e6, value)
    if (this.#scheduled) return
    this.#scheduled = true
    requestAnimationFrame(() => {
      this.#scheduled = false
      this.columns = this.#load.columns()
      this.host = this.#load.host
    })
  }
}

/** The past is asked for in points this far apart. */
const stepSeconds = 5

const pageItems = 1_000

/** The past of a machine with very many CPUs is cut off rather than waited for. */
const pagesMax = 20
