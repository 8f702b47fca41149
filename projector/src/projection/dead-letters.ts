import { ConditionalPublisher, deadLetterSubject, type Logger, type NatsConnection, stampHeaders } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import type { EventRecord } from '../event-record.ts'

/** Puts events that cannot be projected aside, each with the reason, so that it can be looked at and tried again. */
export class DeadLetters {
  readonly #tenant: string
  readonly #publisher: ConditionalPublisher
  readonly #log: Logger

  constructor(nc: NatsConnection, tenant: string, log: Logger) {
    this.#tenant = tenant
    this.#publisher = new ConditionalPublisher(nc, { deadlineMs: 5_000 })
    this.#log = log
  }

  /** Resolves when the letter is stored, so that the event is in one place or the other. Throws `unavailable`. */
  async put(projection: string, record: EventRecord, error: WeirError): Promise<void> {
    const { subject, seq, epoch } = record
    this.#log.warn(
      { projection, subject, seq, code: error.code, reason: error.message },
      'an event cannot be projected',
    )
    const outcome = await this.#publisher.store({
      subject: deadLetterSubject(this.#tenant, `${projection}.${subject}`),
      payload: record.payload,
      // The server stores an event that is put aside again after a restart once, if that was soon.
      headers: `Nats-Msg-Id: ${projection}/${epoch}/${seq}\r\n${stampHeaders(record)}Weir-Code: ${error.code}\r\nWeir-Reason: ${oneLine(error.message)}\r\n`,
    })
    if (outcome.kind === 'stored') return
    throw new WeirError('unavailable', 'The dead letters cannot be written at the moment.', { cause: outcome })
  }

  close(): void {
    this.#publisher.close()
  }
}

/** A header holds printable ASCII alone. */
function oneLine(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, 500)
}
