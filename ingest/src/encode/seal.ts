import type { Timestamp } from '@bufbuild/protobuf/wkt'
import { type Event, subjectFault, validateEvent, validateFields, WeirError } from '@weir/proto'
import { ingestLimits } from '../limits.ts'
import { encodeEvent, encodeTime } from './event-encoder.ts'
import type { EventIds } from './event-id.ts'
import type { IngestRecord } from './record.ts'

/** What a record that came without an id or a time gets. */
export class Defaults {
  readonly ids: EventIds
  readonly now: Timestamp
  /** The last second that a time may lie in. */
  readonly lastSecond: number
  /** Of the events that were encoded so far. */
  eventsBytes = 0
  #timeBytes: Uint8Array | undefined

  /** `aheadMs` is how far ahead of now a time may be. */
  constructor(nowMs: number, ids: EventIds, aheadMs: number) {
    this.ids = ids
    this.lastSecond = Math.floor((nowMs + aheadMs) / 1000)
    this.now = timestampOf(nowMs)
  }

  /** `now` as the field `time` of an encoded Event. */
  get timeBytes(): Uint8Array {
    this.#timeBytes ??= encodeTime(this.now)
    return this.#timeBytes
  }
}

/** Requests of one millisecond share one. */
function timestampOf(ms: number): Timestamp {
  if (ms !== lastMs) {
    const seconds = Math.floor(ms / 1000)
    const nanos = (ms - seconds * 1000) * 1_000_000
    last = { $typeName: 'google.protobuf.Timestamp', seconds: BigInt(seconds), nanos }
    lastMs = ms
  }
  return last
}

let lastMs = 0
let last: Timestamp = { $typeName: 'google.protobuf.Timestamp', seconds: 0n, nanos: 0 }

/**
 * Completes, validates and encodes one event, which belongs to this function afterwards.
 * `jsonIsChecked` says that the text under `json` was written by JSON.stringify here, so it need
 * not be parsed again. `labels` are those of the event as a LabelledSeries has them encoded, whose
 * subject it is.
 */
export function seal(
  index: number,
  subject: string,
  event: Event,
  defaults: Defaults,
  jsonIsChecked: boolean,
  labels?: Uint8Array,
): IngestRecord {
  const isSeries = labels !== undefined
  const malformed = isSeries ? undefined : subjectFault(subject, false)
  if (malformed !== undefined) return { index, code: 'malformed', message: malformed }
  if (event.id === '') event.id = defaults.ids.idOf(index)
  if (event.time === undefined) event.time = defaults.now
  const fault = jsonIsChecked ? validateFields(event, isSeries) : validateEvent(event)
  if (fault !== undefined) return { index, code: 'invalid', message: fault }
  if (isAhead(event, defaults)) return { index, code: 'invalid', message: aheadFault(defaults) }
  if (defaults.eventsBytes > ingestLimits.eventsBytesMax) return { index, code: 'too_large', message: tooManyBytes }
  try {
    const bytes = encodeEvent(event, labels)
    defaults.eventsBytes += bytes.length
    return { index, subject, id: event.id, event: bytes }
  } catch (thrown) {
    return rejection(index, thrown)
  }
}

/** Why an event is refused that comes when `eventsBytes` is past its bound. */
export const tooManyBytes: string = `The events of the request have more than ${ingestLimits.eventsBytesMax} bytes: send them in several requests.`

function isAhead({ time, data }: Event, { now, lastSecond }: Defaults): boolean {
  // Most events have no time of their own.
  if (time !== undefined && time !== now && Number(time.seconds) > lastSecond) return true
  if (data.case === 'alert') return Number(data.value.since?.seconds ?? 0n) > lastSecond
  if (data.case !== 'reading') return false
  const { times } = data.value
  for (const name in times) if (Number(times[name]?.seconds ?? 0n) > lastSecond) return true
  return false
}

/** Why a time after `lastSecond` is refused. */
export function aheadFault({ lastSecond }: Defaults): string {
  const last = new Date(lastSecond * 1000).toISOString()
  return `time: lies after ${last}, too far ahead of the clock here: look at the producer's clock, and at the unit of a time that is a number.`
}

/**
 * What was thrown over one record, as its rejection. A fault of this code is thrown on: it is none
 * of the record.
 */
export function rejection(index: number, thrown: unknown): IngestRecord {
  if (!(thrown instanceof WeirError)) throw thrown
  return { index, code: thrown.code, message: thrown.message }
}
