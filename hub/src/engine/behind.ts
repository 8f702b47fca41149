import { limits } from '../limits.ts'
import { send } from './delivery/send.ts'
import type { SourceCounters } from './delivery/source-counters.ts'
import type { Lane, Subscriber } from './delivery/subscriber.ts'
import type { EntryLog } from './log/entry-log.ts'
import type { SourceOptions } from './source-options.ts'
import { StepCache } from './step-cache.ts'
import { StreamCatchUp } from './stream-catch-up.ts'

/**
 * Moves the subscribers of a source that are behind their channel: it queues those that can go on,
 * and takes each one step at a time.
 */
export class Behind {
  readonly #options: SourceOptions
  readonly #log: EntryLog
  readonly #counters: SourceCounters
  readonly #steps: StepCache
  readonly #catchUp: StreamCatchUp
  #ready: Subscriber[] = []
  /**
   * Channels that have subscribers ahead of the hub, while the hub asks the stream whether it
   * reaches them.
   */
  readonly #inquired: Set<Lane> = new Set()
  /** Looks at the stream's answer since a channel was last added. */
  #looks = 0

  constructor(options: SourceOptions, log: EntryLog, counters: SourceCounters) {
    this.#options = options
    this.#log = log
    this.#counters = counters
    this.#steps = new StepCache(log)
    this.#catchUp = new StreamCatchUp(log, options.reader, counters)
  }

  /**
   * Puts a subscriber where it belongs: with those that are caught up, in the queue, or to wait
   * until its channel reaches it.
   */
  settle(subscriber: Subscriber): void {
    // Its receiver may have ended it when it was notified.
    if (subscriber.activity === 'closed') return
    const { seq, channel } = subscriber
    if (seq < channel.seq) this.#enqueue(subscriber)
    else if (seq === channel.seq) channel.join(subscriber)
    else if (!channel.ahead.has(subscriber)) {
      channel.wait(subscriber)
      subscriber.aheadSince = this.#options.comparisons()
      if (seq > this.#log.head) this.#inquire(channel)
    }
  }

  /** Settles the waiting subscribers that the channel has reached. */
  settleAhead(channel: Lane): void {
    for (const subscriber of channel.ahead) {
      if (subscriber.seq > channel.seq) continue
      channel.endWait(subscriber)
      this.settle(subscriber)
    }
  }

  /**
   * Restarts the subscribers that are still ahead of the log after it was compared with the stream:
   * their cursors are of a stream that was set back. The first comparison may have begun before
   * they came, so two are needed. A hub that does not hear from NATS makes no comparison and
   * restarts nobody. Those that are only ahead of their channel, between two ticks of its interval,
   * wait on.
   */
  doubtAhead(channel: Lane): void {
    const comparisons = this.#options.comparisons()
    for (const subscriber of channel.ahead) {
      if (subscriber.seq <= this.#log.head || comparisons < subscriber.aheadSince + 2) continue
      channel.endWait(subscriber)
      subscriber.beginAgain(this.#log, this.#counters)
      this.settle(subscriber)
    }
  }

  /** Asks whether the stream reaches the subscribers of a channel that are ahead of the hub. */
  #inquire(channel: Lane): void {
    const isRunning = this.#inquired.size > 0
    this.#inquired.add(channel)
    this.#looks = 0
    if (!isRunning) this.#lookSoon()
  }

  #lookSoon(): void {
    const { begins } = this.#log
    this.#options.requestComparison()
    this.#options.later(limits.aheadLookMs * 4 ** this.#looks++, () => {
      for (const channel of this.#inquired) {
        // If the log has begun anew meanwhile, loading it settles everybody.
        if (begins === this.#log.begins) this.doubtAhead(channel)
        if (!this.#isAhead(channel)) this.#inquired.delete(channel)
      }
      if (this.#inquired.size > 0 && this.#looks < limits.aheadLooksMax) this.#lookSoon()
      else this.#inquired.clear()
    })
  }

  #isAhead(channel: Lane): boolean {
    for (const { seq } of channel.ahead) if (seq > this.#log.head) return true
    return false
  }

  /** Lets a subscriber go on whose receiver has got credit. */
  credit(subscriber: Subscriber): void {
    if (subscriber.isBehind) this.#enqueue(subscriber)
  }

  /**
   * Takes each queued subscriber one step further, until all had one or the clock reaches `until`.
   */
  advance(until: number): void {
    const queue = this.#ready
    if (queue.length === 0) return
    this.#ready = []
    let index = 0
    while (index < queue.length) {
      const subscriber = queue[index++] as Subscriber
      if (subscriber.activity === 'closed') continue
      subscriber.activity = 'none'
      if (!subscriber.isBehind) continue
      this.#step(subscriber)
      if (this.#options.now() >= until) break
    }
    this.#steps.forget()
    // The rest of the queue comes before those that were added meanwhile.
    if (index < queue.length) this.#ready = queue.slice(index).concat(this.#ready)
    if (this.#ready.length > 0) this.#options.requestPass()
  }

  #enqueue(subscriber: Subscriber): void {
    // A subscriber that reads the stream is queued again after the read.
    if (subscriber.activity !== 'none') return
    subscriber.activity = 'queued'
    this.#ready.push(subscriber)
    this.#options.requestPass()
  }

  /**
   * Takes one step. A subscriber without credit leaves the queue, and costs nothing until it has
   * credit.
   */
  #step(subscriber: Subscriber): void {
    const { channel, position, receiver } = subscriber
    if (position.seq >= channel.seq) {
      this.settle(subscriber)
      return
    }
    if (!receiver.hasCredit) return
    const limit = channel.intervalMs === 0 ? channel.seq : this.#log.head
    const step = this.#steps.next(subscriber, limit)
    switch (step.kind) {
      case 'chunk':
        if (send(step.batch, [subscriber], this.#counters).length > 0) return
        position.sent(step.chunk)
        break
      case 'gap':
        subscriber.passGap(step.to, 'retention', this.#counters)
        break
      case 'snapshot':
        subscriber.beginSnapshot(this.#log)
        break
      case 'stream':
        void this.#readStream(subscriber)
        return
    }
    this.settle(subscriber)
  }

  /** Reads one chunk from the stream for a subscriber whose position is older than memory. */
  async #readStream(subscriber: Subscriber): Promise<void> {
    subscriber.activity = 'reading'
    try {
      if (await this.#catchUp.next(subscriber)) this.#readEnded(subscriber)
      else if (subscriber.activity === 'reading') subscriber.activity = 'none'
    } catch (thrown) {
      if (subscriber.activity !== 'reading') return
      this.#options.onReadFailed(thrown)
      this.#options.later(limits.streamRetryMs, () => this.#readEnded(subscriber))
    }
  }

  #readEnded(subscriber: Subscriber): void {
    if (subscriber.activity !== 'reading') return
    subscriber.activity = 'none'
    this.credit(subscriber)
  }
}
