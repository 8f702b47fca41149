import { limits } from './limits.ts'
import type { Link } from './link.ts'

/**
 * How much a connection may be sent: by credit where the client acknowledges, and by the buffer of its socket always. The
 * socket alone speaks far too late, since kernels and proxies swallow megabytes that grow stale.
 */
export class Credit {
  readonly #link: Link
  readonly #highWaterBytes: number
  /** 0 for a client that does not acknowledge. */
  #windowBytes = 0
  #unacknowledged = 0
  #blocked = false
  /** When it last took something, or had nothing to take. */
  #movedAt: number

  constructor(link: Link, highWaterBytes: number, now: number) {
    this.#link = link
    this.#highWaterBytes = highWaterBytes
    this.#movedAt = now
  }

  /** Agrees on a window; 0 means that the client never acknowledges. */
  open(wanted: number, max: number): void {
    this.#windowBytes = wanted === 0 ? 0 : Math.max(limits.windowBytesMin, Math.min(wanted, max))
  }

  get windowBytes(): number {
    return this.#windowBytes
  }

  get unacknowledgedBytes(): number {
    return this.#unacknowledged
  }

  /** Four chunks fit in a window, so that the next is on its way while one is acknowledged. */
  get chunkBytesMax(): number {
    return this.#windowBytes === 0 ? limits.chunkBytesMax : Math.min(limits.chunkBytesMax, this.#windowBytes >>> 2)
  }

  get has(): boolean {
    return this.accepts(this.chunkBytesMax)
  }

  accepts(bytes: number): boolean {
    if (this.#blocked) return false
    // What is larger than the window goes alone.
    return this.#windowBytes === 0 || this.#unacknowledged === 0 || this.#unacknowledged + bytes <= this.#windowBytes
  }

  spend(bytes: number, now: number): void {
    if (this.#windowBytes > 0) {
      if (this.#unacknowledged === 0) this.#movedAt = now
      this.#unacknowledged += bytes
    }
    if (!this.#blocked && this.#link.bufferedBytes > this.#highWaterBytes) {
      this.#blocked = true
      this.#movedAt = now
    }
  }

  /** Takes an acknowledgement; true when there is credit now. More than was sent counts as all of it. */
  give(bytes: number, now: number): boolean {
    this.#unacknowledged = Math.max(0, this.#unacknowledged - bytes)
    // Nothing is not a beginning: whoever acknowledges 0 bytes has stalled all the same.
    if (bytes > 0) this.#movedAt = now
    return this.has
  }

  /** The buffer of the socket has shrunk; true when there is credit now. */
  drained(now: number): boolean {
    this.#movedAt = now
    this.#blocked = this.#link.bufferedBytes > this.#highWaterBytes / 2
    return this.has
  }

  /** For how many milliseconds it has taken nothing of what it was sent. */
  stalledSince(now: number): number {
    return this.#blocked || this.#unacknowledged > 0 ? now - this.#movedAt : 0
  }
}
