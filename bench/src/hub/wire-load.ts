/**
 * Writes entries and the heads of batches by themselves, by hand and by the generated code, on the
 * runtime of the hub; its last line of output is a WireLoad.
 *
 *   node bench/src/hub/wire-load.ts
 */
import { create, toBinary } from '@bufbuild/protobuf'
import { BatchSchema, EntrySchema, writeBatchHead, writeEntry } from '@weir/proto'
import { measure } from 'mitata'
import { BenchEvent, benchSubject } from '../frames/bench-event.ts'

/** Nanoseconds, the middle of many. */
export interface WireLoad {
  readonly entry: number
  readonly copy: number
  readonly head: number
  readonly generatedEntry: number
  readonly generatedHead: number
}

const event = new BenchEvent(200).encode(1, 0)
const subject = benchSubject(42)
const target = new Uint8Array(65_536)
const head = { channel: 7, from: 1_000_000, to: 1_000_300, conflated: 12, uncounted: false }
let seq = 1_000_000

async function nanoseconds(action: () => unknown): Promise<number> {
  return (await measure(action)).p50
}

const load: WireLoad = {
  entry: await nanoseconds(() => writeEntry(target, 0, subject, seq++, event, 0)),
  copy: await nanoseconds(() => target.set(event, 20)),
  head: await nanoseconds(() => writeBatchHead(target, 0, { ...head, to: seq++ }, 60_000)),
  generatedEntry: await nanoseconds(() => {
    const content = { case: 'event' as const, value: event }
    return toBinary(EntrySchema, create(EntrySchema, { subject, seq: BigInt(seq++), content }))
  }),
  generatedHead: await nanoseconds(() => {
    const { channel, conflated } = head
    const [from, to] = [BigInt(head.from), BigInt(seq++)]
    return toBinary(BatchSchema, create(BatchSchema, { channel, from, to, conflated: BigInt(conflated) }))
  }),
}
console.log(JSON.stringify(load))
