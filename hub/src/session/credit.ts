import { limits } from '../limits.ts'

/**
 * How much a connection may be sent: by credit where the client acknowledges, by the answers to
 * pings where it does not, and by the buffer of its socket always. The socket alone speaks far too
 * late, since kernels and proxies swallow megabytes that grow stale; what answers a ping has read
 * what was sent before it.
 */
export class Credit {
  readonly #peer: Peer
  /** 0 while there is none: before Hello, and where neither acknowledgements nor pongs come. */
  #windowBytes = 0
  #unacknowledged = 0
  #pinging: Pinging = 'never'
  #blocked = false
  /** Somebody was told to wait since credit was last announced. */
  #refused = false
  /** It has taken something since the last look. */
  #moved = false
  /** The look at which it had last taken something, or had nothing to take. */
  #movedAt: number

  constructor(peer: Peer, now: number) {
    this.#peer = peer
    this.#movedAt = Math.floor(now)
  }

  /**
   * Agrees on a window; 0 means that the client never acknowledges, so that it is pinged instead.
   */
  open(wanted: number, max: number): void {
    if (wanted === 0) {
      this.#windowBytes = limits.pingWindowBytes
      this.#pinging = 'ready'
    } else this.#windowBytes = Math.max(limits.windowBytesMin, Math.min(wanted, max))
  }

  /** What was agreed: 0 for a client that never acknowledges. */
  get windowBytes(): number {
    return this.#pinging === 'never' ? this.#windowBytes : 0
  }

  /**
   * What was sent after the last that is known to be taken, or after a ping that is not answered
   * yet.
   */
  get unacknowledgedBytes(): number {
    return this.#isAwaited ? this.#unacknowledged : 0
  }

  /** Four chunks fit in a window, so that the next is on its way while one is acknowledged. */
  get chunkBytesMax(): number {
    if (this.windowBytes === 0) return limits.unacknowledgedChunkBytesMax
    return Math.min(limits.chunkBytesMax, this.#windowBytes >>> 2)
  }

  get has(): boolean {
    return this.accepts(this.chunkBytesMax, 2)
  }

  /**
   * Whether a batch of so many bytes and entries may be sent. One entry that is larger than the
   * window may when half of it is free.
   */
  accepts(bytes: number, entries: number): boolean {
    const window = this.#windowBytes
    const fits = window === 0 || this.#unacknowledged + bytes <= window || !this.#isAwaited
    const isAllowed = fits || (entries === 1 && bytes > window && this.#unacknowledged <= window / 2)
    if (isAllowed && !this.#blocked) return true
    this.#refused = true
    return false
  }

  /**
   * So much was sent; `whole` says that the system has taken it all, so that the buffer of the
   * socket need not be asked.
   */
  spend(bytes: number, whole: boolean): void {
    if (this.#windowBytes > 0) this.#unacknowledged += bytes
    if (this.#pinging === 'ready' && this.#unacknowledged >= limits.pingAfterBytes) this.#ping()
    if (!whole && !this.#blocked) this.#blocked = this.#peer.bufferedBytes > this.#peer.highWaterBytes
  }

  /**
   * Takes an acknowledgement; true when there is credit that was refused before. More than was sent
   * counts as all of it.
   */
  give(bytes: number): boolean {
    this.#unacknowledged = Math.max(0, this.#unacknowledged - bytes)
    // Nothing is not a beginning: whoever acknowledges 0 bytes has stalled all the same.
    if (bytes > 0) this.#moved = true
    return this.#hasAgain()
  }

  /** A ping was answered; true when there is credit that was refused before. */
  ponged(): boolean {
    if (this.#pinging !== 'asked') return false
    this.#pinging = 'answered'
    this.#moved = true
    return this.#hasAgain()
  }

  /** The buffer of the socket has shrunk; true when there is credit that was refused before. */
  drained(): boolean {
    this.#moved = true
    this.#blocked = this.#peer.bufferedBytes > this.#peer.highWaterBytes / 2
    return this.#hasAgain()
  }

  /**
   * For how many milliseconds it has taken nothing of what it was sent, to the step in which this
   * is asked. Once in a step at most it is pinged.
   */
  stalledMs(now: number): number {
    const owes = this.#pinging === 'never' ? this.#unacknowledged > 0 : this.#isAwaited
    if (this.#moved || (!this.#blocked && !owes)) this.#movedAt = Math.floor(now)
    this.#moved = false
    if (this.#pinging === 'answered') this.#pinging = 'ready'
    return now - this.#movedAt
  }

  /** Whether it must say what it has taken before it gets more than its window. */
  get #isAwaited(): boolean {
    return this.#pinging === 'never' || this.#pinging === 'asked'
  }

  #ping(): void {
    this.#pinging = 'asked'
    this.#unacknowledged = 0
    this.#peer.ping()
  }

  /** Whether there is credit again since some was refused. */
  #hasAgain(): boolean {
    if (!this.#refused || !this.has) return false
    this.#refused = false
    return true
  }
}

/** Whom it is about. */
export interface Peer {
  /** Bytes that were handed over and not yet taken by the system. */
  readonly bufferedBytes: number
  /** So many may be, before it is sent nothing more. */
  readonly highWaterBytes: number
  /** Asks for an answer, which comes once what was sent before was read. */
  ping(): void
}

/**
 * never: it acknowledges, or cannot be pinged; ready: after so many bytes; asked: no answer yet;
 * answered: not again in this step.
 */
type Pinging = 'never' | 'ready' | 'asked' | 'answered'
