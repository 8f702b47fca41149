import assert from 'node:assert/strict'
import { patienceMs } from './until.ts'

export interface SseEvent {
  /** `message` where the stream names none. */
  readonly event: string
  readonly data: string
  /** The last id so far. */
  readonly id: string
}

/** What stands between two empty lines. */
export interface SseBlock {
  readonly event: string
  readonly data: string
  readonly id: string | undefined
  readonly comments: readonly string[]
}

/**
 * Reads a stream of server-sent events as WHATWG HTML section 9.2.6 says, and keeps the comments as
 * well.
 */
export class SseReader {
  readonly response: Response
  readonly events: SseEvent[] = []
  readonly comments: string[] = []
  id = ''
  retryMs = 0
  ended = false
  /** Resolves when the stream has ended. */
  finished: Promise<void> = Promise.resolve()
  readonly #abort: AbortController
  readonly #onBlock: ((block: SseBlock) => void) | undefined
  #wake: (() => void)[] = []

  private constructor(response: Response, abort: AbortController, onBlock?: (block: SseBlock) => void) {
    this.response = response
    this.#abort = abort
    this.#onBlock = onBlock
  }

  /** Connects; the status may be any. `onBlock` hears everything in its order. */
  static async open(
    url: string,
    headers: Readonly<Record<string, string>> = {},
    onBlock?: (block: SseBlock) => void,
  ): Promise<SseReader> {
    const abort = new AbortController()
    const reader = new SseReader(await fetch(url, { headers, signal: abort.signal }), abort, onBlock)
    if (reader.response.status === 200) reader.finished = reader.#read()
    return reader
  }

  /**
   * `subject=data` of every entry so far, `subject!` for a removal, the name for what is no entry.
   */
  get entries(): readonly string[] {
    return this.events.map(({ event, data }) => {
      if (event !== 'message' && event !== 'removed') return event
      const entry = JSON.parse(data) as { subject: string; event?: { data: unknown } }
      return event === 'removed' ? `${entry.subject}!` : `${entry.subject}=${JSON.stringify(entry.event?.data)}`
    })
  }

  async until(condition: () => boolean): Promise<void> {
    const deadline = Date.now() + patienceMs
    while (!condition()) {
      assert.ok(Date.now() < deadline, `not reached; there were ${this.entries.slice(-5).join(', ')}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100)
        this.#wake.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  close(): void {
    this.#abort.abort()
  }

  async #read(): Promise<void> {
    let rest = ''
    try {
      for await (const part of this.response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const blocks = (rest + part).split('\n\n')
        rest = blocks.pop() ?? ''
        for (const block of blocks) this.#take(block)
        for (const wake of this.#wake.splice(0)) wake()
      }
    } catch {
      // Closed by this side, or the connection broke.
    }
    this.ended = true
    for (const wake of this.#wake.splice(0)) wake()
  }

  #take(block: string): void {
    let event = 'message'
    let id: string | undefined
    const data: string[] = []
    const comments: string[] = []
    for (const line of block.split('\n')) {
      const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
      if (field === '') comments.push(value)
      else if (field === 'event') event = value
      else if (field === 'data') data.push(value)
      else if (field === 'id') id = value
      else if (field === 'retry') this.retryMs = Number(value)
    }
    this.comments.push(...comments)
    this.id = id ?? this.id
    if (data.length > 0) this.events.push({ event, data: data.join('\n'), id: this.id })
    this.#onBlock?.({ event, data: data.join('\n'), id, comments })
  }
}
