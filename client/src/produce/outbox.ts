import { WeirError } from '@weir/proto'
import type { OutboxItem } from './outbox-item.ts'

/** What to do with an event for which the buffer has no room. */
export type WhenFull = (typeof whenFullPolicies)[number]

export const whenFullPolicies = [
  /** `send` resolves when there is room. */
  'block',
  /** Events that wait longest make room, and are reported. */
  'drop_oldest',
  /** The new event is left out, and is reported. */
  'drop_newest',
  /** `send` rejects with `overloaded`. */
  'throw',
] as const

export interface OutboxOptions {
  readonly bytesMax: number
  readonly whenFull: WhenFull
  /** More senders than this that wait for room are rejected with `overloaded`. */
  readonly sendersMax: number
  readonly dropped: (item: OutboxItem) => void
}

/** The events of a producer that wait or are on their way, in order and bounded in bytes. */
export class Outbox {
  readonly #options: OutboxOptions
  #waiting: Numbered[] = []
  #underWay: readonly Numbered[] = []
  #bytes = 0
  #lastNumber = 0
  #senders: Sender[] = []
  #flushers: { readonly number: number; readonly resolve: () => void }[] = []

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  get waitingCount(): number {
    return this.#waiting.length
  }

  /** Of all events that wait or are on their way. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Resolves when the event is in the buffer, or was dropped by the policy. Rejects with
   * `overloaded` or `too_large`.
   */
  put(item: OutboxItem): Promise<void> {
    const { bytesMax, whenFull, sendersMax, dropped } = this.#options
    const size = item.bytes.length
    if (size > bytesMax) {
      const message = `The event has ${size} bytes, more than the whole buffer: raise bufferBytesMax (${bytesMax}).`
      return Promise.reject(new WeirError('too_large', message))
    }
    if (whenFull === 'drop_oldest') this.#dropFor(size)
    if (this.#senders.length === 0 && this.#bytes + size <= bytesMax) {
      this.#add({ number: ++this.#lastNumber, item })
      return Promise.resolve()
    }
    switch (whenFull) {
      case 'drop_oldest':
      case 'drop_newest':
        dropped(item)
        return Promise.resolve()
      case 'throw':
        return Promise.reject(new WeirError('overloaded', 'The buffer of the producer is full: send slower.'))
      case 'block':
        if (this.#senders.length >= sendersMax) {
          return Promise.reject(new WeirError('overloaded', 'Too many sends wait for room: await each of them.'))
        }
        return new Promise((resolve) => {
          this.#senders.push({ number: ++this.#lastNumber, item, resolve })
        })
    }
  }

  /** The next events to send. Until `settle` they count as on their way; one batch is at a time. */
  take(itemsMax: number, bytesMax: number): readonly OutboxItem[] {
    let count = 0
    let bytes = 0
    for (const { item } of this.#waiting) {
      bytes += item.bytes.length
      if (count === itemsMax || (count > 0 && bytes > bytesMax)) break
      count++
    }
    this.#underWay = this.#waiting.splice(0, count)
    return this.#underWay.map(({ item }) => item)
  }

  /** What is on its way has been stored, rejected or given up. */
  settle(): void {
    for (const { item } of this.#underWay) this.#bytes -= item.bytes.length
    this.#underWay = []
    this.#admit()
    this.#announceFlushed()
  }

  /** Everything there is, in order, without a change. */
  all(): readonly OutboxItem[] {
    return [...this.#underWay, ...this.#waiting].map(({ item }) => item)
  }

  /** Resolves when everything that was put before is settled. */
  flushed(): Promise<void> {
    return new Promise((resolve) => {
      this.#flushers.push({ number: this.#lastNumber, resolve })
      this.#announceFlushed()
    })
  }

  #add(numbered: Numbered): void {
    this.#bytes += numbered.item.bytes.length
    this.#waiting.push(numbered)
  }

  #dropFor(size: number): void {
    while (this.#bytes + size > this.#options.bytesMax) {
      const oldest = this.#waiting.shift()
      if (oldest === undefined) return
      this.#bytes -= oldest.item.bytes.length
      this.#options.dropped(oldest.item)
    }
  }

  #admit(): void {
    for (;;) {
      const [first] = this.#senders
      if (first === undefined || this.#bytes + first.item.bytes.length > this.#options.bytesMax) return
      this.#senders.shift()
      this.#add(first)
      first.resolve()
    }
  }

  #announceFlushed(): void {
    const oldest = this.#underWay[0] ?? this.#waiting[0] ?? this.#senders[0]
    const ready = this.#flushers.filter(({ number }) => oldest === undefined || oldest.number > number)
    this.#flushers = this.#flushers.filter((flusher) => !ready.includes(flusher))
    for (const { resolve } of ready) resolve()
  }
}

interface Numbered {
  /** In the order of `put`, from 1. */
  readonly number: number
  readonly item: OutboxItem
}

interface Sender extends Numbered {
  readonly resolve: () => void
}
