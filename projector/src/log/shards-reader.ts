import { limits } from '../limits.ts'
import type { ShardReader, WaitingMessage } from './shard-reader.ts'
import type { LogHandler, LogMessage, LogReader } from './source-log.ts'

/**
 * Reads several streams as one, in the order of places. While each stream has a message that waits,
 * the one of the least place is next. A stream that has none may still get one of an earlier place,
 * as messages are under way for a time and the clocks of servers differ. So the others wait for it
 * for `shardWaitMs`; a message that comes after that, and after later places were taken, is late.
 */
export class ShardsReader implements LogReader {
  readonly #shards: readonly ReadAhead[]
  #closed = false
  #wake: (() => void) | undefined
  /** The place of the message that was taken last. */
  #reached = 0

  constructor(shards: readonly ReadAhead[]) {
    this.#shards = shards
  }

  get atHead(): boolean {
    return this.#shards.every(({ isAtHead }) => isAtHead)
  }

  run(handler: LogHandler): Promise<void> {
    return this.#each(handler, false)
  }

  runToHead(handler: LogHandler): Promise<void> {
    return this.#each(handler, true)
  }

  async #each(handler: LogHandler, toHead: boolean): Promise<void> {
    const arrived = (): void => this.#wake?.()
    const running = this.#shards.map((shard) => shard.run(arrived))
    const ended = Promise.all(running).finally(() => this.close())
    // A failure is thrown below, when the loop has ended.
    ended.catch(() => undefined)
    try {
      while (!this.#closed) {
        const shard = this.#next()
        const first = shard?.first
        if (shard === undefined || first === undefined) {
          if (toHead && this.atHead) break
          await this.#arrival(toHead ? limits.shardWaitMs : undefined)
        } else if (this.#waitMs(first) > 0) await this.#arrival(this.#waitMs(first))
        else {
          const verdict = handler(this.#messageOf(shard, first))
          if (verdict === 'stop' || (verdict instanceof Promise && (await verdict) === 'stop')) break
          this.#reached = Math.max(this.#reached, first.place)
          shard.take()
        }
      }
    } finally {
      this.close()
    }
    await ended
  }

  close(): void {
    this.#closed = true
    for (const shard of this.#shards) shard.close()
    this.#wake?.()
  }

  /** The stream whose message is next, of those that have one. */
  #next(): ReadAhead | undefined {
    let next: ReadAhead | undefined
    for (const shard of this.#shards) {
      if (shard.first !== undefined && (next?.first === undefined || shard.first.place < next.first.place)) next = shard
    }
    return next
  }

  /** For how long a message waits for streams that have none. */
  #waitMs({ arrivedAt }: WaitingMessage): number {
    let waitMs = 0
    for (const shard of this.#shards) {
      if (shard.first !== undefined) continue
      // A stream that is not at its head has messages under way, however long they take.
      const untilMs = shard.isAtHead ? arrivedAt + limits.shardWaitMs - performance.now() : limits.shardWaitMs
      waitMs = Math.max(waitMs, untilMs)
    }
    return waitMs
  }

  #messageOf(shard: ReadAhead, { message, subject, place }: WaitingMessage): LogMessage {
    const { storedAtMs, payload, removal } = message
    let pending = -1
    for (const each of this.#shards) pending += each.pending
    const isLate = place < this.#reached
    const { index, epoch } = shard
    return {
      subject,
      seq: place,
      storedAtMs,
      pending,
      payload,
      removal,
      shard: { index, epoch, seq: message.seq, isLate },
    }
  }

  #arrival(withinMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = withinMs === undefined ? undefined : setTimeout(() => this.#wake?.(), withinMs)
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
    })
  }
}

/** One of the streams. */
export type ReadAhead = Pick<
  ShardReader,
  'index' | 'epoch' | 'first' | 'isAtHead' | 'pending' | 'run' | 'take' | 'close'
>
