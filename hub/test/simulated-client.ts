import assert from 'node:assert/strict'
import { type BatchHead, compileFilters, Mode, type ServerFrame, Start } from '@weir/proto'
import type { Codec } from '../src/engine/delivery/codec.ts'
import type { Receiver } from '../src/engine/delivery/receiver.ts'
import type { Subscriber } from '../src/engine/delivery/subscriber.ts'
import type { Source } from '../src/engine/source.ts'

/** A client that keeps the protocol, with a window, and checks what it gets against the stream. */
export class SimulatedClient implements Receiver {
  readonly codec: Codec
  readonly chunkBytesMax: number
  readonly frames: Seen[] = []
  readonly held: Map<string, number> = new Map()
  acknowledges = true
  unacknowledged = 0
  subscriber!: Subscriber
  readonly #wish: Wish
  readonly #source: Source
  #blocked = false
  #refused = false
  #epoch = 0
  #cursor = 0

  constructor(each: Wish, source: Source, codec: Codec) {
    this.#wish = each
    this.#source = source
    this.codec = codec
    this.chunkBytesMax = each.window === 0 ? 10_000 : each.window / 4
  }

  get hasCredit(): boolean {
    return this.#accepts(this.chunkBytesMax, 2)
  }

  get batches(): readonly Extract<Seen, { kind: 'batch' }>[] {
    return this.frames.filter((frame) => frame.kind === 'batch')
  }

  #accepts(bytes: number, entries: number): boolean {
    const { window } = this.#wish
    const isAlone = entries === 1 && bytes > window && this.unacknowledged <= window / 2
    const fits = window === 0 || this.unacknowledged + bytes <= window || isAlone
    this.#refused ||= this.#blocked || !fits
    return fits && !this.#blocked
  }

  take(bytes: Uint8Array, entries: number): boolean {
    if (!this.#accepts(bytes.length, entries)) return false
    this.unacknowledged += bytes.length
    const batch = JSON.parse(new TextDecoder().decode(bytes)) as BatchHead & { entries: Published[] }
    assert.equal(batch.from, this.#cursor, 'a batch continues where the last one ended')
    assert.ok(batch.to >= batch.from)
    this.#cursor = batch.to
    this.frames.push({ kind: 'batch', ...batch })
    for (const { subject, seq, removal } of batch.entries) {
      if (removal === 0) this.held.set(subject, seq)
      else this.held.delete(subject)
    }
    return true
  }

  notify(frame: ServerFrame['frame']): void {
    if (frame.case === 'subscribed') {
      const { cursor, start } = frame.value
      const seq = Number(cursor?.seq)
      const epoch = Number(cursor?.epoch)
      // What one beginning and its resumes tell is held against the stream together; a snapshot
      // replaces what is held.
      if (start === Start.SNAPSHOT || epoch !== this.#epoch || seq !== this.#cursor) this.frames.length = 0
      this.#cursor = seq
      this.#epoch = epoch
      if (start === Start.SNAPSHOT) this.held.clear()
      this.frames.push({ kind: 'subscribed', cursor: seq, start })
    } else if (frame.case === 'gap') {
      const { from, to, reason } = frame.value
      assert.equal(Number(from), this.#cursor, 'a gap continues where the last batch ended')
      this.#cursor = Number(to)
      this.frames.push({ kind: 'gap', from: Number(from), to: Number(to), reason })
    }
  }

  subscribe(cursor: { epoch: number; seq: number } | undefined): void {
    const { filters, mode, intervalMs, gatherMs } = this.#wish
    const kind = { filters, intervalMs, gatherMs, copy: 0 }
    this.subscriber = this.#source.subscribe(this, { ...kind, id: 1, mode, cursor })
  }

  acknowledge(): void {
    // Who has got nothing says nothing.
    if (!this.acknowledges || this.unacknowledged === 0) return
    this.unacknowledged = 0
    this.#resume()
  }

  /** As a session does: only who was refused credit is told that there is some. */
  #resume(): void {
    if (!this.#refused || !this.hasCredit) return
    this.#refused = false
    this.#source.credit(this.subscriber)
  }

  block(blocked: boolean): void {
    const drains = this.#blocked && !blocked
    this.#blocked = blocked
    if (drains) this.#resume()
  }

  release(): void {
    this.block(false)
    this.acknowledge()
  }

  reconnect(resume: boolean): void {
    this.#source.unsubscribe(this.subscriber)
    this.unacknowledged = 0
    if (!resume) {
      this.held.clear()
      this.#epoch = 0
    }
    this.subscribe(resume && this.#epoch > 0 ? { epoch: this.#epoch, seq: this.#cursor } : undefined)
  }

  resumeAt(seq: number): void {
    this.#source.unsubscribe(this.subscriber)
    this.subscribe({ epoch: this.#epoch, seq })
  }

  check({ stream, firstSeq, markersTo, isBucket, gapsFrom, tally }: Truth): void {
    const accepts = compileFilters(this.#wish.filters)
    const begin = this.frames[0]
    assert.equal(begin?.kind, 'subscribed')
    const start = begin?.kind === 'subscribed' ? begin.cursor : 0
    const batches = this.frames.filter((frame) => frame.kind === 'batch')
    const gaps = this.frames.filter((frame) => frame.kind === 'gap')
    const inGap = (seq: number): boolean => gaps.some(({ from, to }) => seq > from && seq <= to)
    const isUncounted = (seq: number): boolean =>
      batches.some(({ from, to, uncounted }) => uncounted && seq > from && seq <= to)
    const matching = stream
      .filter(({ subject, seq }) => seq > start && accepts(subject) && !inGap(seq))
      .map(({ seq }) => seq)
    const newest = new Map(stream.map((each) => [each.subject, each]))
    const isOld = ({ subject, seq }: Published): boolean => newest.get(subject)?.seq !== seq
    const isGone = (each: Published): boolean => isOld(each) || (each.removal !== 0 && each.seq <= markersTo)
    const sent = batches.flatMap(({ entries }) => entries)
    const seqs = sent.map(({ seq }) => seq)
    assert.deepEqual(
      seqs,
      [...new Set(seqs)].sort((a, b) => a - b),
      'in order, once',
    )
    for (const { from, to, entries } of batches) {
      for (const { seq, subject } of entries) assert.ok(seq > from && seq <= to && accepts(subject))
    }
    assert.equal(this.#cursor, this.subscriber.channel.seq)
    if (isBucket) assert.ok(!gaps.some(({ reason }) => reason === 'retention'), 'what a bucket lacks is superseded')
    if (this.#wish.mode === Mode.ALL) {
      const had = new Set(seqs)
      const excused = new Set(
        stream.filter((each) => isBucket && isUncounted(each.seq) && isGone(each)).map(({ seq }) => seq),
      )
      assert.deepEqual(
        matching.filter((seq) => !had.has(seq) && !excused.has(seq)),
        [],
        'each was sent or announced',
      )
      if (!isBucket) assert.ok(batches.every(({ uncounted }) => !uncounted))
      return
    }
    for (const { subject, seq, removal } of newest.values()) {
      if (!accepts(subject)) continue
      // What both retention and memory have dropped is nowhere to be had; where it was expected, a
      // gap says so.
      const isNowhere = start === 0 && (!this.held.has(subject) || seq <= gapsFrom)
      const excused = !isBucket && seq < firstSeq && (inGap(seq) || isNowhere)
      if (!excused) assert.equal(this.held.get(subject), removal === 0 ? seq : undefined, subject)
    }
    const told = (some: typeof batches): number =>
      some.reduce((sum, { entries, conflated }) => sum + entries.length + conflated, 0)
    assert.ok(told(batches) <= matching.length, `told ${told(batches)} of ${matching.length}`)
    const counted = told(batches.filter(({ uncounted }) => !uncounted))
    const least = matching.filter((seq) => !isUncounted(seq)).length
    if (!isBucket) {
      tally.matched += matching.length
      tally.counted += least
    }
    assert.ok(counted >= least, `told ${counted} where ${least} had to be`)
  }
}

export interface Wish {
  readonly filters: readonly string[]
  readonly mode: Mode
  readonly intervalMs: number
  readonly gatherMs: number
  readonly window: number
}

export function wishFor(mode: Mode): Wish {
  return { filters: ['>'], mode, intervalMs: 0, gatherMs: 0, window: 0 }
}

/**
 * How much of what matched was told by name or number in mode LATEST, and not only as `uncounted`.
 */
export interface Tally {
  matched: number
  counted: number
}

/** What there was, for the check of what a client was told. */
export interface Truth {
  readonly stream: readonly Published[]
  readonly firstSeq: number
  readonly markersTo: number
  readonly isBucket: boolean
  readonly gapsFrom: number
  readonly tally: Tally
}

export interface Published {
  readonly subject: string
  readonly seq: number
  readonly removal: number
}

type Seen =
  | { readonly kind: 'subscribed'; readonly cursor: number; readonly start: Start }
  | { readonly kind: 'gap'; readonly from: number; readonly to: number; readonly reason: string }
  | ({ readonly kind: 'batch'; readonly entries: readonly Published[] } & BatchHead)

/** Batches as JSON, which the client reads back. */
export function recordingCodec(onEncode: () => void): Codec {
  return {
    index: 0,
    binary: false,
    batch(head, _epoch, entries) {
      onEncode()
      const { channel, from, to, conflated, uncounted } = head
      const plain = entries.map(({ seq, state, removal }) => ({ subject: state.subject, seq, removal }))
      return new TextEncoder().encode(JSON.stringify({ channel, from, to, conflated, uncounted, entries: plain }))
    },
  }
}
