import { limits } from '../limits.ts'

/** Messages of a client of Postgres that are whole, in the order in which they came. */
export interface WholeMessages {
  readonly bytes: Buffer
  /** Whether the last one asks for ReadyForQuery: what belongs together has been said whole. */
  readonly complete: boolean
  /** Names of the statements that they prepare. */
  readonly prepared: readonly string[]
}

/**
 * Cuts the bytes of one client into whole messages of the PostgreSQL protocol 3.0. The startup
 * message, which has no letter, comes alone.
 */
export class PostgresMessages {
  #chunks: Buffer[] = []
  #bytes = 0
  /** As many bytes have to be there before the next message can be whole. */
  #wanted = LENGTH_BYTES
  #started = false

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
  }

  /** Whether the next message may be whole. */
  get ready(): boolean {
    return this.#bytes >= this.#wanted
  }

  /** Throws RangeError for a message that is longer than any may be, or of no length. */
  take(): WholeMessages | undefined {
    if (!this.ready) return undefined
    const held = this.#chunks.length === 1 && this.#chunks[0] ? this.#chunks[0] : Buffer.concat(this.#chunks)
    const prepared: string[] = []
    let end = 0
    let letter = 0
    for (;;) {
      const at = this.#started ? end + 1 : end
      this.#wanted = at + LENGTH_BYTES - end
      if (held.length < at + LENGTH_BYTES) break
      const length = held.readInt32BE(at)
      if (length < LENGTH_BYTES || length > limits.postgresMessageBytesMax) {
        throw new RangeError(`A message of ${length} bytes.`)
      }
      this.#wanted = at + length - end
      if (held.length < at + length) break
      letter = this.#started ? (held[end] ?? 0) : STARTUP
      if (letter === PARSE) prepared.push(textAt(held, at + LENGTH_BYTES))
      end = at + length
      if (letter === STARTUP) {
        this.#started = true
        this.#wanted = 1 + LENGTH_BYTES
        break
      }
    }
    const rest = held.subarray(end)
    this.#chunks = rest.length > 0 ? [rest] : []
    this.#bytes = rest.length
    if (end === 0) return undefined
    return { bytes: held.subarray(0, end), complete: answered.has(letter), prepared }
  }
}

const LENGTH_BYTES = 4
const STARTUP = 0
const PARSE = 0x50

/** The startup, Sync, Query and FunctionCall are answered with ReadyForQuery. */
const answered: ReadonlySet<number> = new Set([STARTUP, 0x53, 0x51, 0x46])

function textAt(bytes: Buffer, from: number): string {
  return bytes.toString('utf8', from, bytes.indexOf(0, from))
}
