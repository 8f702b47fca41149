import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

export interface WatchedFileOptions {
  readonly file: string
  readonly everyMs: number
  /** Another content is there; not called again before the promise has settled. */
  readonly changed: (text: string) => Promise<void>
  /** The file cannot be read; called again for each try. */
  readonly unreadable: (cause: unknown) => void
  readonly read?: (file: string) => Promise<string>
}

/**
 * Looks at the content of a file every so often: so it sees an edit, a file that takes the place of
 * another, and the swap of links by which Kubernetes changes a ConfigMap, on every file system. A
 * content counts once it was read twice, so that half of one that is being written does not.
 */
export class WatchedFile {
  readonly #options: WatchedFileOptions
  readonly #stopping = new AbortController()
  #watching: Promise<void> = Promise.resolve()

  constructor(options: WatchedFileOptions) {
    this.#options = options
  }

  start(): void {
    this.#watching = this.#watch()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#watching
  }

  async #watch(): Promise<void> {
    const { file, everyMs, changed, unreadable, read = (path) => readFile(path, 'utf8') } = this.#options
    let counts: string | undefined
    let candidate: string | undefined
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        const text = await read(file)
        if (text !== counts && text === candidate) {
          counts = text
          await changed(text)
        }
        candidate = text
      } catch (cause) {
        candidate = undefined
        counts = undefined
        unreadable(cause)
      }
      await sleep(everyMs, undefined, { signal }).catch(() => undefined)
    }
  }
}
