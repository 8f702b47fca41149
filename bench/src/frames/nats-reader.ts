import { eventMicros } from './bench-event.ts'

/**
 * Reads the stream of a NATS server, for the peer that is its own WebSocket: counts messages and
 * skips their contents.
 */
export class NatsReader {
  messages = 0
  /** When the first event of the last `push` was published, 0 when that cannot be told. */
  micros = 0
  /** Whether the server has answered the first PING. */
  ready = false
  #skip = 0
  #line = ''

  push(bytes: Uint8Array, start: number, end: number): void {
    this.micros = 0
    let at = start
    while (at < end) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, end - at)
        this.#skip -= skipped
        at += skipped
        continue
      }
      const feed = bytes.indexOf(lineFeed, at)
      const lineEnd = feed < 0 || feed >= end ? end : feed + 1
      const line = this.#line + latin1(bytes, at, lineEnd)
      at = lineEnd
      if (feed < 0 || feed >= end) {
        this.#line = line
        return
      }
      this.#line = ''
      this.#take(line, bytes, at, end)
    }
  }

  #take(line: string, bytes: Uint8Array, at: number, end: number): void {
    if (line.startsWith('HMSG ') || line.startsWith('MSG ')) {
      const sizes = line.trimEnd().split(' ')
      const total = Number(sizes.at(-1))
      const header = line.startsWith('H') ? Number(sizes.at(-2)) : 0
      this.messages++
      this.#skip = total + 2
      if (this.micros === 0 && end - at > header + 40) this.micros = eventMicros(bytes, at + header)
    } else if (line.startsWith('PONG')) this.ready = true
    else if (line.startsWith('-ERR')) throw new Error(`nats-server says ${line.trimEnd()}`)
  }
}

const lineFeed = 0x0a

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}
