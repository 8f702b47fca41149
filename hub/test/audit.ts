import { type Cursor, compileFilters, formatCursor, Mode } from '@weir/proto'
import type { Ledger, Stretch } from './ledger.ts'
import type { Ledgers } from './ledgers.ts'
import { type Incarnation, newestOf, type Recorded, type StreamRecord } from './stream-record.ts'

/** How much of what matched was told by name or number, and not only as `uncounted`. */
export interface Tally {
  matched: number
  counted: number
}

/**
 * What one subscription was told against what there was: each entry that matches was sent, counted
 * or announced, unless the batch says that it could not be counted; and in the end the newest is
 * held. Gives every fault, in words.
 */
export function audit(ledgers: Ledgers, records: readonly StreamRecord[], tally: Tally): readonly string[] {
  const faults = [...ledgers.faults]
  if (ledgers.current.length === 0) faults.push('it never began')
  if (!ledgers.isAt(records.map(headOf))) {
    faults.push(
      `it stands at ${ledgers.current.map(formatCursor)} and not at the heads ${records.map(headOf).map(formatCursor)}`,
    )
  }
  for (const ledger of ledgers.all) {
    const record = records.find((each) => each.of(ledger.epoch) !== undefined)
    const incarnation = record?.of(ledger.epoch)
    if (record === undefined || incarnation === undefined) {
      faults.push(`epoch ${ledger.epoch} never was`)
      continue
    }
    for (const stretch of ledger.stretches) faults.push(...auditStretch(ledger, record, stretch, incarnation, tally))
    const isHeld = ledger.wish.mode === Mode.LATEST && ledgers.current.includes(ledger)
    if (isHeld && incarnation === record.current) faults.push(...auditHeld(ledger, ledger.stretch, record))
  }
  return faults
}

/** The end of what a stream has. */
export function headOf({ current: { epoch, head } }: StreamRecord): Cursor {
  return { epoch, seq: head }
}

function auditStretch(
  { wish, epoch }: Ledger,
  { keepsNewest }: StreamRecord,
  stretch: Stretch,
  incarnation: Incarnation,
  tally: Tally,
): readonly string[] {
  const faults: string[] = []
  const accepts = compileFilters(wish.filters)
  const { entries, floor } = incarnation
  const sent = stretch.batches.flatMap((batch) => batch.sent)
  for (const each of sent) {
    if (!isSame(entries.get(each.seq), each)) faults.push(`${each.subject}@${each.seq} is not what the stream had`)
  }
  const newest = newestOf(incarnation, incarnation.head)
  const isOld = (seq: number): boolean => newest.get(entries.get(seq)?.subject ?? '') !== seq
  const inGap = (seq: number): boolean => stretch.gaps.some(({ from, to }) => seq > from && seq <= to)
  const matching = [...entries]
    .filter(([seq, { subject }]) => seq > stretch.start && seq <= stretch.end && accepts(subject) && !inGap(seq))
    .map(([seq]) => seq)
    .sort((a, b) => a - b)
  for (const { from, to } of stretch.gaps) {
    // A bucket drops what is superseded; a stream of events only what is oldest.
    for (let seq = from + 1; seq <= to; seq++) {
      const excused = keepsNewest ? isOld(seq) : seq <= floor
      if (!excused && accepts(entries.get(seq)?.subject ?? '')) faults.push(`${seq} was there, but a gap says not`)
    }
  }
  const isUncounted = (seq: number): boolean =>
    stretch.batches.some((batch) => batch.uncounted && seq > batch.from && seq <= batch.to)
  const counted = matching.filter((seq) => !isUncounted(seq)).length
  tally.matched += matching.length
  tally.counted += counted
  if (wish.mode === Mode.ALL) {
    const had = new Set(sent.map(({ seq }) => seq))
    const missed = matching.filter((seq) => !had.has(seq) && !(keepsNewest && isUncounted(seq) && isOld(seq)))
    if (missed.length > 0)
      faults.push(
        `neither sent nor announced: ${missed.slice(0, 5)} (${missed.length}) ${around(epoch, stretch, missed[0] as number)}`,
      )
    return faults
  }
  const told = (batches: Stretch['batches']): number =>
    batches.reduce((sum, { sent, conflated }) => sum + sent.length + conflated, 0)
  const all = told(stretch.batches)
  if (all > matching.length) faults.push(`sent and conflated are ${all}, of ${matching.length} that matched`)
  const some = told(stretch.batches.filter((batch) => !batch.uncounted))
  if (some < counted) faults.push(`sent and conflated are ${some}, where at least ${counted} matched`)
  return faults
}

/**
 * The newest of each subject is held, and no key that is gone. What retention dropped before it
 * could be sent is excused.
 */
function auditHeld({ wish }: Ledger, stretch: Stretch, { current, keepsNewest }: StreamRecord): readonly string[] {
  const faults: string[] = []
  const accepts = compileFilters(wish.filters)
  const newest = newestOf(current, current.head)
  for (const [subject, seq] of newest) {
    const removed = current.entries.get(seq)?.removal !== 0
    const held = stretch.held.get(subject)
    if (!accepts(subject) || held === (removed ? undefined : seq)) continue
    const announced = stretch.gaps.some(({ from, to }) => seq > from && seq <= to)
    const excused = !keepsNewest && seq <= current.floor && (announced || (stretch.snapshot && held === undefined))
    if (!excused) faults.push(`holds ${held} of ${subject}, whose newest is ${seq}${removed ? ', a removal' : ''}`)
  }
  for (const subject of stretch.held.keys()) if (!newest.has(subject)) faults.push(`holds ${subject}, which never was`)
  return faults
}

function isSame(recorded: Recorded | undefined, sent: Recorded): boolean {
  return (
    recorded !== undefined &&
    recorded.subject === sent.subject &&
    (recorded.removal === 0) === (sent.removal === 0) &&
    recorded.text === sent.text
  )
}

/** What was told where an entry should have been. */
function around(epoch: number, { batches, gaps }: Stretch, seq: number): string {
  const told = [...batches, ...gaps].filter(({ from, to }) => seq > from && seq <= to)
  return `of epoch ${epoch}, where was told ${JSON.stringify(told).slice(0, 300)}`
}
