import { fromBinary } from '@bufbuild/protobuf'
import {
  ConditionalPublisher,
  type DirectMessage,
  deadLetterStream,
  deadLetterSubject,
  deleteMessage,
  type Logger,
  messageAt,
  type NatsConnection,
  readRange,
  readStamp,
  type StoredMessage,
  stampHeaders,
} from '@weir/mesh'
import { type EventJson, EventSchema, eventToJson, WeirError } from '@weir/proto'
import { EventRecord } from '../event/event-record.ts'
import { limits } from '../limits.ts'

/** An event that was put aside, as the API shows it. */
export interface DeadLetter {
  /** Its place among the dead letters. */
  readonly id: number
  readonly projection: string
  readonly subject: string
  /** Its place among the events. */
  readonly seq: number
  /** When the event was stored, and when it was put aside; RFC 3339. */
  readonly stored: string
  readonly putAside: string
  readonly code: string
  readonly reason: string
  /** Absent when the bytes are no event. */
  readonly event?: EventJson
  readonly bytes: number
}

/** A letter with all that is known of it. */
export interface OpenLetter extends DeadLetter {
  /** The event as it is stored, in base64. */
  readonly payload: string
}

export interface DeadLetterPage {
  readonly items: readonly DeadLetter[]
  /** The `after` of the next page; absent on the last. */
  readonly next?: number
}

/**
 * Puts events that cannot be projected aside, each with the reason, so that they can be looked at
 * and tried again.
 */
export class DeadLetters {
  readonly #nc: NatsConnection
  readonly #tenant: string
  readonly #stream: string
  readonly #publisher: ConditionalPublisher
  readonly #log: Logger

  constructor(nc: NatsConnection, tenant: string, log: Logger) {
    this.#nc = nc
    this.#tenant = tenant
    this.#stream = deadLetterStream(tenant)
    this.#publisher = new ConditionalPublisher(nc, { deadlineMs: limits.storeMs })
    this.#log = log
  }

  /**
   * Resolves when the letter is stored, so that the event is in one place or the other. Throws
   * `unavailable`.
   */
  async put(projection: string, record: EventRecord, error: WeirError): Promise<void> {
    const { subject, seq, epoch, storedAtMs } = record
    this.#log.warn(
      { projection, subject, seq, code: error.code, reason: error.message },
      'an event cannot be projected',
    )
    const headers = [
      // An event that is put aside again soon after, as after a restart, is stored once.
      `Nats-Msg-Id: ${projection}/${epoch}/${seq}`,
      `Weir-Projection: ${projection}`,
      `Weir-Stored: ${storedAtMs}`,
      `Weir-Code: ${error.code}`,
      `Weir-Reason: ${oneLine(error.message)}`,
    ]
    const outcome = await this.#publisher.store({
      subject: deadLetterSubject(this.#tenant, subject),
      payload: record.payload,
      headers: `${headers.join('\r\n')}\r\n${stampHeaders(record)}`,
    })
    if (outcome.kind === 'stored') return
    throw new WeirError('unavailable', 'The dead letters cannot be written at the moment.', { cause: outcome })
  }

  /** @param after the `next` of the page before, 0 for the first */
  async list(after: number, limit: number): Promise<DeadLetterPage> {
    const { messages, more } = await readRange(this.#nc, this.#stream, {
      seq: after + 1,
      filter: deadLetterSubject(this.#tenant, '>'),
      messagesMax: limit,
      bytesMax: limits.pageBytesMax,
    })
    const items = messages.map((message) => {
      return letterOf(message, this.#subjectOf(message), Date.parse(message.header('Nats-Time-Stamp')))
    })
    const last = messages.at(-1)
    return more && last !== undefined ? { items, next: last.seq } : { items }
  }

  /** One letter. Throws `not_found`. */
  async read(id: number): Promise<OpenLetter> {
    const message = await this.#at(id)
    const letter = letterOf(message, this.#subjectOf(message), message.storedAtMs)
    return { ...letter, payload: Buffer.from(message.payload).toString('base64') }
  }

  /** The event of a letter, and the projection that could not take it. Throws `not_found`. */
  async open(id: number): Promise<{ readonly projection: string; readonly record: EventRecord }> {
    const message = await this.#at(id)
    const { epoch, seq } = readStamp(message)
    const subject = this.#subjectOf(message)
    const record = new EventRecord(subject, epoch, seq, Number(message.header('Weir-Stored')), message.payload)
    return { projection: message.header('Weir-Projection'), record }
  }

  /** Forgets a letter; nothing happens when it is gone already. */
  async remove(id: number): Promise<void> {
    await deleteMessage(this.#nc, this.#stream, id)
  }

  close(): void {
    this.#publisher.close()
  }

  async #at(id: number): Promise<DirectMessage> {
    const message = await messageAt(this.#nc, this.#stream, id)
    if (message === undefined) throw new WeirError('not_found', `There is no dead letter ${id}.`)
    return message
  }

  #subjectOf(message: StoredMessage | DirectMessage): string {
    return message.subject.slice(deadLetterSubject(this.#tenant, '').length)
  }
}

function letterOf(message: StoredMessage | DirectMessage, subject: string, putAsideMs: number): DeadLetter {
  const letter = {
    id: message.seq,
    projection: message.header('Weir-Projection'),
    subject,
    seq: readStamp(message).seq,
    stored: timeText(Number(message.header('Weir-Stored'))),
    putAside: timeText(putAsideMs),
    code: message.header('Weir-Code'),
    reason: message.header('Weir-Reason'),
    bytes: message.payload.length,
  }
  try {
    return { ...letter, event: eventToJson(fromBinary(EventSchema, message.payload)) }
  } catch {
    return letter
  }
}

/** The beginning of time where a header is no time. */
function timeText(ms: number): string {
  return new Date(Number.isFinite(ms) ? ms : 0).toISOString()
}

/** A header holds printable ASCII alone. */
function oneLine(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, 500)
}
