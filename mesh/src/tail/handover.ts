/**
 * Hot path: what arrives is handed on here. Budget: part of that of live-parser.ts, guarded by
 * bench/src/inbound.bench.ts.
 */
import { Removal } from '@weir/proto'
import { liveSequence, removalOf } from '../read/server-header.ts'
import { contiguity } from './contiguity.ts'
import { type HeldBounds, HeldEntries } from './held-entries.ts'
import type { Headed } from './live-parser.ts'
import type { TailSink } from './tail-sink.ts'

/**
 * What was handed on of a source, in the order of sequence and without a hole that nobody was told
 * of; and what arrived past a hole, which is held. Holds at first.
 */
export class Handover {
  readonly #sink: TailSink
  readonly #bounds: HeldBounds
  #epoch = 0
  #head = 0
  /** Undefined while entries flow straight through. */
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

  /** Takes an entry that arrived; says whether it makes a comparison with the stream necessary. */
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

  /** From now on nothing is handed on as it arrives. */
  stop(): void {
    this.#held ??= new HeldEntries(this.#bounds)
  }

  /** An incarnation of the stream begins; what was held is of the one before. */
  begin(epoch: number): void {
    this.#epoch = epoch
    this.#head = 0
    this.#held = new HeldEntries(this.#bounds)
    this.#sink.begin(epoch)
  }

  /** What was handed on is half a table, so none. */
  spoil(): void {
    this.#epoch = 0
  }

  /**
   * Hands on what was read of the stream; the subject is past what all subjects of the source begin
   * with.
   */
  pass(subject: string, seq: number, payload: Uint8Array, removal: Removal): void {
    this.#head = seq
    this.#sink.entry(subject, seq, payload, removal)
  }

  /** The newest of each subject was handed on. */
  loaded(head: number, first: number): void {
    this.#head = head
    this.#sink.loaded(head, first)
  }

  /** What is between the head and `to` cannot be had. */
  gap(to: number): void {
    const from = this.#head
    this.#head = to
    this.#sink.gap(from, to)
  }

  /** Hands on held entries that continue the head. */
  passHeld(): void {
    const held = this.#held
    if (held === undefined) return
    for (let next = held.take(this.#head + 1); next !== undefined; next = held.take(this.#head + 1)) {
      this.pass(next.subject, this.#head + 1, next.payload, next.removal)
    }
    held.passed(this.#head)
  }

  /** Lets entries flow again if none is held. */
  flow(): void {
    if (this.#held?.isEmpty === true) this.#held = undefined
  }

  #hold(subject: string, seq: number, payload: Uint8Array, headed: Headed): void {
    this.#held ??= new HeldEntries(this.#bounds)
    const removal = payload.length === 0 ? removalOf(headed) : Removal.UNSPECIFIED
    // A Buffer's own slice would not copy.
    this.#held.add(seq, this.#held.hasRoom ? { subject, payload: new Uint8Array(payload), removal } : undefined)
  }
}
