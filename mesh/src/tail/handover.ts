/**
 * Hot path: every arriving entry is handed on here. Its budget is part of that of live-tap.ts;
 * bench/src/inbound.bench.ts guards it.
 */
import { Removal } from '@weir/proto'
import { liveSequence, removalOf } from '../read/server-header.ts'
import { contiguity } from './contiguity.ts'
import { type HeldBounds, HeldEntries } from './held-entries.ts'
import type { Headed } from './live-tap.ts'
import type { TailSink } from './tail-sink.ts'

/**
 * Hands the entries of a source to a sink, in the order of sequence, and reports every hole as a
 * gap. Entries that arrive past a hole are held until it is filled. A new Handover holds.
 */
export class Handover {
  readonly #sink: TailSink
  readonly #bounds: HeldBounds
  #epoch = 0
  #head = 0
  /** The held entries; undefined while entries flow straight through. */
  #held: HeldEntries | undefined

  constructor(sink: TailSink, bounds: HeldBounds) {
    this.#sink = sink
    this.#bounds = bounds
    this.#held = new HeldEntries(bounds)
  }

  get epoch(): number {
    return this.#epoch
  }

  /** Sequence of the last entry that was handed on. */
  get head(): number {
    return this.#head
  }

  get flowing(): boolean {
    return this.#held === undefined
  }

  /** The highest sequence that arrived while entries were held. */
  get lastHeld(): number {
    return this.#held?.last ?? 0
  }

  /** Takes an arriving entry. Returns whether the tail has to compare itself with the stream. */
  arrived(subject: string, payload: Uint8Array, headed: Headed): boolean {
    const seq = liveSequence(payload)
    const arrival = contiguity(this.#held === undefined, this.#head, seq)
    if (arrival === 'pass') {
      this.#head = seq
      this.#sink.entry(subject, seq, payload, payload.length === 0 ? removalOf(headed) : Removal.UNSPECIFIED)
      return false
    }
    if (arrival !== 'doubt') this.#hold(subject, seq, payload, headed)
    return arrival !== 'hold'
  }

  /** Holds arriving entries from now on. */
  stop(): void {
    this.#held ??= new HeldEntries(this.#bounds)
  }

  /** Begins an incarnation of the stream, and drops entries held of the one before. */
  begin(epoch: number): void {
    this.#epoch = epoch
    this.#head = 0
    this.#held = new HeldEntries(this.#bounds)
    this.#sink.begin(epoch)
  }

  /** Marks a table that was handed on only in part as void. */
  spoil(): void {
    this.#epoch = 0
  }

  /**
   * Hands on an entry that was read from the stream. `subject` lacks the prefix that all subjects
   * of the source share.
   */
  pass(subject: string, seq: number, payload: Uint8Array, removal: Removal): void {
    this.#head = seq
    this.#sink.entry(subject, seq, payload, removal)
  }

  /** Tells the sink that the newest entry of each subject was handed on. */
  loaded(head: number, first: number): void {
    this.#head = head
    this.#sink.loaded(head, first)
  }

  /** Tells the sink that the entries between the head and `to` cannot be had. */
  gap(to: number): void {
    const from = this.#head
    this.#head = to
    this.#sink.gap(from, to)
  }

  /** Hands on the held entries that continue the head. */
  passHeld(): void {
    const held = this.#held
    if (held === undefined) return
    for (let next = held.take(this.#head + 1); next !== undefined; next = held.take(this.#head + 1)) {
      this.pass(next.subject, this.#head + 1, next.payload, next.removal)
    }
    held.passed(this.#head)
  }

  /** Lets entries flow again if no entry is held. */
  flow(): void {
    if (this.#held?.isEmpty === true) this.#held = undefined
  }

  #hold(subject: string, seq: number, payload: Uint8Array, headed: Headed): void {
    this.#held ??= new HeldEntries(this.#bounds)
    const removal = payload.length === 0 ? removalOf(headed) : Removal.UNSPECIFIED
    // The slice method of a Buffer would not copy.
    this.#held.add(seq, this.#held.hasRoom ? { subject, payload: new Uint8Array(payload), removal } : undefined)
  }
}
