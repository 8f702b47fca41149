import { limits } from '../limits.ts'
import type { Link } from '../link/link.svelte.ts'

/** How a projection stands, as the read API says it. */
export interface ProjectionView {
  readonly name: string
  readonly kind: string
  readonly from: readonly string[]
  readonly bucket?: string
  readonly partition: string
  readonly pending: number
  readonly blocked?: string
  readonly deadLetters: number
  readonly rebuilding?: { readonly from: number; readonly to: number; readonly at: number }
}

/** What the tenant has stored in NATS. */
export interface StreamView {
  /** `events`, `dead-letters`, or the name of a bucket. */
  readonly name: string
  readonly messages: number
  readonly bytes: number
  /** 0 when nothing bounds it. */
  readonly maxBytes: number
  /** 0 when messages do not age. */
  readonly maxAgeMs: number
}

/** An event that found no place. */
export interface DeadLetter {
  readonly id: number
  readonly projection: string
  readonly subject: string
  readonly reason: string
}

/** Projections, dead letters and streams, asked every few seconds; for administrators. */
export class ProjectorView {
  projections: readonly ProjectionView[] = $state.raw([])
  letters: readonly DeadLetter[] = $state.raw([])
  streams: readonly StreamView[] = $state.raw([])
  fault: string = $state('')
  readonly #link: Link
  readonly #timer: ReturnType<typeof setInterval>

  constructor(link: Link) {
    this.#link = link
    void this.#look()
    this.#timer = setInterval(() => void this.#look(), limits.projectorLookMs)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async rebuild(name: string): Promise<void> {
    await this.#do(`v1/projections/${encodeURIComponent(name)}/rebuild`, 'POST')
  }

  async replay(id: number): Promise<void> {
    await this.#do(`v1/dead-letters/${id}/replay`, 'POST')
  }

  async drop(id: number): Promise<void> {
    await this.#do(`v1/dead-letters/${id}`, 'DELETE')
  }

  async #do(path: string, method: 'POST' | 'DELETE'): Promise<void> {
    try {
      await this.#link.read(path, { method })
    } catch (thrown) {
      this.fault = thrown instanceof Error ? thrown.message : String(thrown)
    }
    await this.#look()
  }

  async #look(): Promise<void> {
    try {
      const [projections, letters, streams] = await Promise.all([
        this.#link.read<{ items: readonly ProjectionView[] }>('v1/projections'),
        this.#link.read<{ items: readonly DeadLetter[] }>('v1/dead-letters?limit=50'),
        this.#link.read<{ items: readonly StreamView[] }>('v1/streams'),
      ])
      this.projections = projections.items
      this.letters = letters.items
      this.streams = streams.items
      this.fault = ''
    } catch (thrown) {
      this.fault = thrown instanceof Error ? thrown.message : String(thrown)
    }
  }
}
