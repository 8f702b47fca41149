import type { BatchCounter, KnownBatch } from './known-batches.ts'

/**
 * Batches as text, of the JSON codec and of server-sent events: their entries are counted once for
 * all sockets. They are known by their first characters, which hold the cursors or the first entry,
 * and their length.
 */
export class TextBatches implements BatchCounter {
  readonly #known: Map<string, KnownBatch> = new Map()

  find(bytes: Uint8Array, start: number, end: number, length: number): KnownBatch | undefined {
    return this.#known.get(keyOf(bytes, start, end, length))
  }

  count(bytes: Uint8Array, start: number, end: number): KnownBatch | undefined {
    const text = latin1(bytes, start, end)
    if (!isBatch.test(text)) return undefined
    const entries = text.split('"seq":').length - 1
    const known = { channel: 0, from: 0, to: 0, entries, conflated: 0, micros: 0 }
    if (this.#known.size >= knownMax) this.#known.clear()
    this.#known.set(keyOf(bytes, start, end, end - start), known)
    return known
  }
}

/**
 * The head of a batch in JSON; in server-sent events the place of an entry, after what may be said
 * of those left out.
 */
const isBatch = /^\{"type":"batch"|^(?::.*\n)*id: .*\ndata: /

const knownMax = 4_096
const keyBytes = 64

function keyOf(bytes: Uint8Array, start: number, end: number, length: number): string {
  return `${length} ${latin1(bytes, start, Math.min(end, start + keyBytes))}`
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}
