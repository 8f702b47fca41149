import type { Subscription, Weir } from '@weir/client'
import type { Event } from '@weir/proto'
import { limits } from '../limits.ts'
import { serverNowMs } from '../link/server-time.ts'
import { HostLoad, hostFilters, type LoadColumns } from './host-load.ts'

/** CPU and memory of this machine: the stored past first, then live from where the past ended. */
export class MachineLoad {
  columns: LoadColumns = $state.raw({ times: [], cpu: [], memory: [] })
  host: string | undefined = $state()

  readonly windowSeconds: number
  readonly #load: HostLoad
  readonly #weir: Weir
  #scheduled = false
  #live: Subscription | undefined
  #closed = false

  constructor(weir: Weir, windowSeconds: number) {
    this.#weir = weir
    this.windowSeconds = windowSeconds
    this.#load = new HostLoad(windowSeconds)
  }

  /** Comes back when it or the connection is closed. */
  async run(): Promise<void> {
    const cursor = await this.#readPast().catch(() => undefined)
    if (this.#closed) return
    const live = this.#weir.subscribe({
      filters: Object.values(hostFilters),
      mode: 'ALL',
      ...(cursor === undefined ? {} : { cursor }),
    })
    this.#live = live
    for await (const item of live) if (item.type === 'entry') this.#take(item.subject, item.event)
  }

  close(): void {
    this.#closed = true
    this.#live?.close()
  }

  /**
   * The cursor from which live goes on: that of the query which looked first, so that nothing is
   * between.
   */
  async #readPast(): Promise<string | undefined> {
    const from = serverNowMs() - this.windowSeconds * 1000
    let cursor: string | undefined
    for (const filter of Object.values(hostFilters)) {
      const answer = await this.#weir.history({ filter, from, step: limits.hostStepSeconds })
      cursor ??= answer.cursor
      for (const { subject, metric, times, avg } of answer.series ?? []) {
        if (metric !== 'value') continue
        for (const [at, time] of times.entries()) this.#load.add(subject, time, avg[at] ?? 0)
      }
    }
    this.#show()
    return cursor
  }

  #take(subject: string, event: Event): void {
    if (event.data.case !== 'reading' || event.time === undefined) return
    const value = event.data.value.metrics.value
    if (value === undefined) return
    this.#load.add(subject, Number(event.time.seconds) * 1000 + event.time.nanos / 1e6, value)
    this.#show()
  }

  #show(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    requestAnimationFrame(() => {
      this.#scheduled = false
      this.columns = this.#load.columns()
      this.host = this.#load.host
    })
  }
}
