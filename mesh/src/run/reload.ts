import { limits } from '../config/limits.ts'
import type { Health } from './health.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import { systemReason } from './system-reason.ts'
import { WatchedFile } from './watched-file.ts'

export interface ReloadOptions {
  /** Names it in health, metrics and logs: `projections`. */
  readonly what: string
  readonly file: string
  /**
   * Goes over to what a content says; false when that is what runs already. What it throws says
   * what is wrong; then nothing has changed.
   */
  readonly apply: (text: string) => Promise<boolean>
  readonly health: Health
  readonly log: Logger
}

/** Reads a file of declarations again when it changes; a wrong one changes nothing, and is told. */
export class Reload {
  /** Contents that were taken over since the start. */
  reloads = 0
  readonly what: string
  readonly #options: ReloadOptions
  readonly #watched: WatchedFile
  #fault: string | undefined

  constructor(options: ReloadOptions) {
    this.#options = options
    this.what = options.what
    this.#watched = new WatchedFile({
      file: options.file,
      everyMs: limits.reloadMs,
      changed: (text) => this.#changed(text),
      unreadable: (cause) => this.#faulty(`it cannot be read: ${systemReason(cause)}`),
    })
  }

  /** Why the file as it is now is not what runs. */
  get fault(): string | undefined {
    return this.#fault
  }

  start(): void {
    this.#watched.start()
  }

  async stop(): Promise<void> {
    await this.#watched.stop()
  }

  async #changed(text: string): Promise<void> {
    const { what, apply, health } = this.#options
    try {
      if (await apply(text)) this.reloads++
      this.#fault = undefined
      health.set(`file of ${what}`, true)
    } catch (thrown) {
      this.#faulty(thrown instanceof Error ? thrown.message : String(thrown))
    }
  }

  /** What runs goes on, so the service is as fit as before. */
  #faulty(fault: string): void {
    if (this.#fault === fault) return
    this.#fault = fault
    const { what, file, health, log } = this.#options
    health.set(`file of ${what}`, true, `what runs is older than the file, which cannot be used: ${fault}`)
    log.error({ file, fault }, `the file of ${what} has changed and cannot be used; what runs goes on`)
  }
}

/** Exports how the files of declarations stand. */
export function exportReloads(metrics: Metrics, reloads: readonly Reload[]): void {
  metrics.counter(
    'reloads_total',
    'Times that a file of declarations was read again and taken over.',
    ['file'],
    (counter) => {
      counter.reset()
      for (const { what, reloads: count } of reloads) counter.inc({ file: what }, Math.max(0, count))
    },
  )
  metrics.gauge('reload_fault', '1 while a file of declarations has changed and cannot be used.', ['file'], (gauge) => {
    for (const { what, fault } of reloads) gauge.set({ file: what }, fault === undefined ? 0 : 1)
  })
}
