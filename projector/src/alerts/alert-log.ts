import { createHash } from 'node:crypto'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  bucketStream,
  ConditionalPublisher,
  eventStream,
  eventSubject,
  keySubject,
  lastMessage,
  type NatsConnection,
} from '@weir/mesh'
import { type Alert, Alert_Status, AlertSchema, EventSchema, timestampFromMilliseconds, WeirError } from '@weir/proto'

/** The last event of an alert. */
export interface RecordedAlert {
  /** Its sequence in the events; 0 when they do not hold it any more. */
  readonly seq: number
  readonly alert: Alert
}

/** What an alert is to become. */
export interface AlertChange {
  readonly rule: string
  readonly key: string
  readonly severity: Alert['severity']
  readonly status: Alert_Status
  readonly message: string
  /** When it began to fire. */
  readonly sinceMs: number
  /** Who changed it; empty for the rule itself. */
  readonly by: string
  readonly atMs: number
}

/**
 * The alerts of a tenant as events, `alerts.<rule>.<key>`. A change is stored only if nobody changed the same alert since the
 * event that it continues, so two replicas and any number of people never tell two stories of one alert.
 */
export class AlertLog {
  readonly #nc: NatsConnection
  readonly #tenant: string
  readonly #publisher: ConditionalPublisher

  constructor(nc: NatsConnection, tenant: string) {
    this.#nc = nc
    this.#tenant = tenant
    this.#publisher = new ConditionalPublisher(nc, { deadlineMs: 5_000 })
  }

  /** From the events, or from the bucket when they have lost it to their retention. */
  async last(subject: string): Promise<RecordedAlert | undefined> {
    const event = await lastMessage(this.#nc, eventStream(this.#tenant), eventSubject(this.#tenant, subject))
    if (event !== undefined) return recordedAlert(event.seq, event.payload)
    const value = await lastMessage(
      this.#nc,
      bucketStream(this.#tenant, alertsBucket),
      keySubject(this.#tenant, alertsBucket, subject),
    )
    return value === undefined || value.removal !== 0 ? undefined : recordedAlert(0, value.payload)
  }

  /**
   * Undefined when somebody else changed the alert meanwhile. Throws `unavailable`.
   *
   * @param after the sequence of the alert's last event, 0 when the events hold none
   */
  async append(change: AlertChange, after: number): Promise<RecordedAlert | undefined> {
    const { rule, key, severity, status, message, sinceMs, by, atMs } = change
    const subject = alertSubject(rule, key)
    const since = timestampFromMilliseconds(sinceMs)
    const time = timestampFromMilliseconds(atMs)
    const id = changeId(this.#tenant, change, after)
    const told = { rule, key, severity, status, message: message.slice(0, messageMax), by }
    const alert = create(AlertSchema, since === undefined ? told : { ...told, since })
    const event = create(EventSchema, {
      id,
      type: 'weir.alert',
      source: 'weir/projector',
      ...(time === undefined ? {} : { time }),
      data: { case: 'alert', value: alert },
    })
    const outcome = await this.#publisher.store({
      subject: eventSubject(this.#tenant, subject),
      payload: toBinary(EventSchema, event),
      expectedSeq: after,
      headers: `Nats-Msg-Id: ${id}\r\n`,
    })
    if (outcome.kind === 'refused') throw outcome.error
    if (outcome.kind === 'unknown') throw new WeirError('unavailable', `The alert was not stored: ${outcome.reason}.`)
    return outcome.kind === 'stored' ? { seq: outcome.seq, alert } : undefined
  }

  close(): void {
    this.#publisher.close()
  }
}

/** Characters; four bytes each is what the field may have. */
const messageMax = 1_024

export const alertsBucket = 'alerts'

export function alertSubject(rule: string, key: string): string {
  return `alerts.${rule}.${key}`
}

/** Undefined when the event is no alert. */
export function recordedAlert(seq: number, payload: Uint8Array): RecordedAlert | undefined {
  try {
    const { data } = fromBinary(EventSchema, payload)
    return data.case === 'alert' ? { seq, alert: data.value } : undefined
  } catch {
    return undefined
  }
}

export function isOpen({ alert }: RecordedAlert): boolean {
  return alert.status === Alert_Status.FIRING || alert.status === Alert_Status.ACKED
}

/** The same change of the same alert has the same id, whoever makes it. */
function changeId(tenant: string, { rule, key, status, by }: AlertChange, after: number): string {
  const text = JSON.stringify([tenant, rule, key, status, by, after])
  return `alert-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
}
