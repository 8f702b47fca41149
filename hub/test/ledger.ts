import { type Batch, compileFilters, type Gap, Mode, Removal } from '@weir/proto'
import { textOf } from './stream-record.ts'

/**
 * What one subscription was told of one stream, over all connections that it had: a stretch for
 * each beginning that was not a resume.
 */
export class Ledger {
  readonly wish: Wish
  readonly epoch: number
  readonly stretches: Stretch[] = []
  /** Rules of the protocol that were broken, as they were. */
  readonly faults: string[] = []
  /** What it has seen, to know what a run has tried. */
  readonly sights: Set<string> = new Set()
  readonly #accepts: (subject: string) => boolean
  #seq = 0

  constructor(wish: Wish, epoch: number) {
    this.wish = wish
    this.epoch = epoch
    this.#accepts = compileFilters(wish.filters)
  }

  get stretch(): Stretch {
    return this.stretches.at(-1) as Stretch
  }

  /** Where it stands. */
  get seq(): number {
    return this.#seq
  }

  begin(seq: number, snapshot: boolean): void {
    this.stretches.push({ start: seq, end: seq, snapshot, batches: [], gaps: [], held: new Map() })
    this.#seq = seq
  }

  resume(seq: number): void {
    this.#expect(seq === this.#seq, `resumes at ${seq} instead of ${this.#seq}`)
    this.#seq = seq
  }

  /** `goesOn` says that what was counted at the beginning of the last batch is of this as well. */
  batch(batch: Batch, goesOn = false): void {
    const { stretch } = this
    const from = Number(batch.from)
    const to = Number(batch.to)
    const sent = batch.entries.map(({ subject, seq, content }) => ({
      subject,
      seq: Number(seq),
      text: content.case === 'event' ? textOf(content.value) : '',
      removal: content.case === 'removal' ? (content.value as 1 | 2) : (0 as const),
    }))
    this.#move(from, to, 'batch')
    let before = from
    for (const { subject, seq, removal } of sent) {
      this.#expect(seq > before && seq <= to, `entry ${seq} after ${before} in a batch from ${from} to ${to}`)
      this.#expect(this.#accepts(subject), `${subject} does not match`)
      before = seq
      if (removal === Removal.UNSPECIFIED) stretch.held.set(subject, seq)
      else stretch.held.delete(subject)
      if (removal !== Removal.UNSPECIFIED) this.sights.add('a removal')
    }
    const conflated = Number(batch.conflated)
    if (conflated > 0) this.sights.add('conflated')
    if (batch.uncounted) this.sights.add('uncounted')
    if (this.wish.mode === Mode.ALL) this.#expect(conflated === 0, 'mode ALL conflates')
    if (this.wish.source === 'events') {
      this.#expect(!(batch.uncounted && this.wish.mode === Mode.ALL), 'events in mode ALL are not counted')
    }
    const last = goesOn ? stretch.batches.pop() : undefined
    if (last === undefined) stretch.batches.push({ from, to, conflated, uncounted: batch.uncounted, sent })
    else stretch.batches.push({ ...last, to, sent: [...last.sent, ...sent] })
  }

  /** The last batch may have been cut off, so that what was counted of it is told again. */
  doubt(): void {
    const { batches } = this.stretch
    const last = batches.pop()
    if (last !== undefined) batches.push({ ...last, conflated: 0, uncounted: true })
  }

  gap(gap: Gap): void {
    const from = Number(gap.from)
    const to = Number(gap.to)
    this.#move(from, to, 'gap')
    this.sights.add(`gap ${gap.reason}`)
    this.stretch.gaps.push({ from, to, reason: gap.reason })
  }

  #move(from: number, to: number, what: string): void {
    this.#expect(from === this.#seq, `a ${what} from ${from} where it stands at ${this.#seq}`)
    this.#expect(to >= from, `a ${what} that goes back from ${from} to ${to}`)
    this.#seq = to
    this.stretch.end = to
  }

  #expect(holds: boolean, fault: string): void {
    if (!holds) this.faults.push(fault)
  }
}

export interface Wish {
  readonly source: string
  readonly filters: readonly string[]
  readonly mode: Mode
  readonly intervalMs: number
}

/** From one beginning to the next: what is told in it is counted together. */
export interface Stretch {
  readonly start: number
  end: number
  /** What was held before is void. */
  readonly snapshot: boolean
  readonly batches: ToldBatch[]
  readonly gaps: { readonly from: number; readonly to: number; readonly reason: string }[]
  /** The newest sequence of each subject. */
  readonly held: Map<string, number>
}

export interface ToldBatch {
  readonly from: number
  readonly to: number
  readonly conflated: number
  readonly uncounted: boolean
  readonly sent: readonly {
    readonly subject: string
    readonly seq: number
    readonly text: string
    readonly removal: Removal
  }[]
}
