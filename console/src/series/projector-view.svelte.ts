import { limits } from '../limits.ts'
import type { Link } from '../link/link.svelte.ts'
import { faultText } from '../words/fault-text.ts'

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
  readonly seq: number
  readonly stored: string
  readonly putAside: string
  readonly code: string
  readonly reason: string
  readonly bytes: number
  /** Absent when the bytes are no event. */
  readonly event?: object
}

/** A dead letter with its bytes, in base64. */
export interface OpenLetter extends DeadLetter {
  readonly payload: string
}

/** Projections, dead letters and streams, asked every few seconds; for administrators. */
export class ProjectorView {
  projections: readonly ProjectionView[] = $state.raw([])
  letters: readonly DeadLetter[] = $state.raw([])
  streams: readonly StreamView[] = $state.raw([])
  /** Whether there was an answer. */
  known: boolean = $state(false)
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
    const refused = await this.#do(`v1/projections/${encodeURIComponent(name)}/rebuild`, 'POST')
    if (refused !== undefined) this.fault = refused
  }

  /** Why it failed; undefined when it is projected. */
  replay(id: number): Promise<string | undefined> {
    return this.#do(`v1/dead-letters/${id}/replay`, 'POST')
  }

  /** Why it failed; undefined when the letter is gone. */
  drop(id: number): Promise<string | undefined> {
    return this.#do(`v1/dead-letters/${id}`, 'DELETE')
  }

  /** Rejects with a sentence. */
  open(id: number): Promise<OpenLetter> {
    return this.#link.read<OpenLetter>(`v1/dead-letters/${id}`)
  }

  async #do(path: string, method: 'POST' | 'DELETE'): Promise<string | undefined> {
    let refused: string | undefined
    try {
      await this.#link.read(path, { method })
    } catch (thrown) {
      refused = faultText(thrown)
    }
    await this.#look()
    return refused
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
      this.known = true
      this.fault = ''
    } catch (thrown) {
      this.fault = faultText(thrown)
    }
  }
}
