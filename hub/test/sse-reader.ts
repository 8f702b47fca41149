import assert from 'node:assert/strict'

export interface SseEvent {
  /** `message` where the stream names none. */
  readonly event: string
  readonly data: string
  /** The last id so far. */
  readonly id: string
}

/** Reads a stream of server-sent events as WHATWG HTML section 9.2.6 says, and keeps the comments as well. */
export class SseReader {
  readonly response: Response
  readonly events: SseEvent[] = []
  readonly comments: string[] = []
  id = ''
  retryMs = 0
  ended = false
  readonly #abort: AbortController
  #wake: (() => void)[] = []

  private constructor(response: Response, abort: AbortController) {
    this.response = response
    this.#abort = abort
  }

  /** Connects; the status may be any. */
  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<SseReader> {
    const abort = new AbortController()
    const reader = new SseReader(await fetch(url, { headers, signal: abort.signal }), abort)
    if (reader.response.status === 200) void reader.#read()
    return reader
  }

  /** `subject=data` of every entry so far, `subject!` for a removal, the name for what is no entry. */
  get entries(): readonly string[] {
    return this.events.map(({ event, data }) => {
      if (event !== 'message' && event !== 'removed') return event
      const entry = JSON.parse(data) as { subject: string; event?: { data: unknown } }
      return event === 'removed' ? `${entry.subject}!` : `${entry.subject}=${JSON.stringify(entry.event?.data)}`
    })
  }

  async until(condition: () => boolean): Promise<void> {
    const deadline = Date.now() + 20_000
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
    const data: string[] = []
    for (const line of block.split('\n')) {
      const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
      if (field === '') this.comments.push(value)
      else if (field === 'event') event = value
      else if (field === 'data') data.push(value)
      else if (field === 'id') this.id = value
      else if (field === 'retry') this.retryMs = Number(value)
    }
    if (data.length > 0) this.events.push({ event, data: data.join('\n'), id: this.id })
  }
}
