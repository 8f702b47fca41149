import { createHash } from 'node:crypto'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  bucketStream,
  ConditionalPublisher,
  EventShards,
  eventStream,
  eventSubject,
  keySubject,
  lastMessage,
  type NatsConnection,
  shardOf,
} from '@weir/mesh'
import {
  type Alert,
  Alert_Status,
  AlertSchema,
  type Event,
  EventSchema,
  formatCursor,
  parseCursor,
  Removal,
  timestampFromMilliseconds,
  WeirError,
} from '@weir/proto'
import { type AlertLabels, alertLabels } from '../../event/alert-labels.ts'
import { alertsBucket } from '../../event/alerts-bucket.ts'
import { limits } from '../../limits.ts'
import type { AlertPhase } from './alert-machine.ts'
import type { Cause } from './cause.ts'

/** The last event of an alert. */
export interface RecordedAlert {
  /** Its sequence in the events; 0 when they do not hold it any more. */
  readonly seq: number
  readonly alert: Alert
  /**
   * What its rule had seen when it said so; undefined for an event that no rule
   * wrote.
   */
  readonly cause: Cause | undefined
  /** Those that its rule gives it. */
  readonly labels: AlertLabels
}

/** What an alert is to become. */
export interface AlertChange {
  readonly rule: string
  readonly key: string
  readonly severity: Alert['severity']
  readonly status: Alert_Status
  readonly message: string
  readonly labels: AlertLabels
  /** When it began to fire. */
  readonly sinceMs: number
  /** Who changed it; empty for the rule itself. */
  readonly by: string
  readonly atMs: number
  /** What the rule has seen; of a person's change what the alert had before. */
  readonly cause: Cause | undefined
  /**
   * Why it changed, where it was no event and no time of the rule's own: label `reason` of the
   * event.
   */
  readonly reason?: AlertReason
  /** It fires on and says another thing: label `renewed` of the event. */
  readonly renewed?: true
}

/** Why an alert changed that its rule's condition did not change. */
export type AlertReason = 'no data' | 'rule removed' | 'rule changed' | 'keys divided anew'

/**
 * The alerts of a tenant as events, `alerts.<rule>.<key>`. A change is stored only if nobody
 * changed the same alert since the event that it continues, so two replicas and any number of
 * people never tell two stories of one alert.
 */
export class AlertLog {
  readonly #nc: NatsConnection
  readonly #tenant: string
  readonly #publisher: ConditionalPublisher
  readonly #shards: EventShards

  constructor(nc: NatsConnection, tenant: string) {
    this.#nc = nc
    this.#tenant = tenant
    this.#shards = new EventShards(nc)
    this.#publisher = new ConditionalPublisher(nc, { deadlineMs: limits.storeMs })
  }

  /** From the events, or from the bucket when they have lost it to their retention. */
  async last(subject: string): Promise<RecordedAlert | undefined> {
    const shard = shardOf(await this.#shards.of(this.#tenant), subject)
    const event = await lastMessage(this.#nc, eventStream(shard), eventSubject(shard, subject))
    if (event !== undefined) return recordedAlert(event.seq, event.payload)
    const value = await lastMessage(
      this.#nc,
      bucketStream(this.#tenant, alertsBucket),
      keySubject(this.#tenant, alertsBucket, subject),
    )
    return value === undefined || value.removal !== Removal.UNSPECIFIED ? undefined : recordedAlert(0, value.payload)
  }

  /**
   * Undefined when somebody else changed the alert meanwhile. Throws `unavailable`.
   *
   * @param after the sequence of the alert's last event, 0 when the events hold none
   */
  async append(change: AlertChange, after: number): Promise<RecordedAlert | undefined> {
    const { rule, key, severity, status, message, labels, sinceMs, by, atMs, cause, reason, renewed } = change
    const subject = alertSubject(rule, key)
    const since = timestampFromMilliseconds(sinceMs)
    const time = timestampFromMilliseconds(atMs)
    const id = changeId(this.#tenant, change, after)
    const told = { rule, key, severity, status, message: message.slice(0, limits.alertMessageMax), by }
    const alert = create(AlertSchema, since === undefined ? told : { ...told, since })
    const event = create(EventSchema, {
      id,
      type: 'weir.alert',
      source: 'weir/projector',
      ...(time === undefined ? {} : { time }),
      labels: {
        ...labels,
        ...(cause === undefined ? {} : causeLabels(cause)),
        ...(reason === undefined ? {} : { reason }),
        ...(renewed === undefined ? {} : { renewed: 'true' }),
      },
      data: { case: 'alert', value: alert },
    })
    const outcome = await this.#publisher.store({
      subject: eventSubject(shardOf(await this.#shards.of(this.#tenant), subject), subject),
      payload: toBinary(EventSchema, event),
      expectedSeq: after,
      headers: `Nats-Msg-Id: ${id}\r\n`,
    })
    if (outcome.kind === 'refused') throw outcome.error
    if (outcome.kind === 'unknown') throw new WeirError('unavailable', `The alert was not stored: ${outcome.reason}.`)
    return outcome.kind === 'stored' ? { seq: outcome.seq, alert, cause, labels } : undefined
  }

  close(): void {
    this.#publisher.close()
  }
}

/**
 * The rule of alerts that say that another rule cannot be evaluated; no rule of a file may have the
 * name.
 */
export const unevaluableRule = 'unevaluable'

export function alertSubject(rule: string, key: string): string {
  return `alerts.${rule}.${key}`
}

/**
 * An event that is no alert, as when somebody else put it under this subject, tells of one that
 * nothing is known of.
 */
export function recordedAlert(seq: number, payload: Uint8Array): RecordedAlert {
  try {
    const event = fromBinary(EventSchema, payload)
    if (event.data.case === 'alert') {
      return { seq, alert: event.data.value, cause: causeOf(event), labels: alertLabels(event) }
    }
  } catch {
    // As below.
  }
  return { seq, alert: create(AlertSchema), cause: undefined, labels: {} }
}

/**
 * Where the event that a change comes from stands in its source, as a cursor, and what time had
 * come.
 */
function causeLabels({ epoch, seq, atMs }: Cause): Record<string, string> {
  return { cause: formatCursor({ epoch, seq }), 'cause.ms': String(atMs) }
}

function causeOf({ labels }: Event): Cause | undefined {
  const { cause } = labels
  const atMs = Number(labels['cause.ms'])
  return cause === undefined || !Number.isSafeInteger(atMs) ? undefined : { ...parseCursor(cause), atMs }
}

export function isOpen({ alert }: RecordedAlert): boolean {
  return alert.status === Alert_Status.FIRING || alert.status === Alert_Status.ACKED
}

/** What an alert can be for who reads its events. */
export type ToldPhase = Exclude<AlertPhase, 'pending'>

/** What a person resolved is muted until its rule says that the cause is gone. */
export function toldPhase(recorded: RecordedAlert): ToldPhase {
  if (isOpen(recorded)) return 'firing'
  return recorded.alert.by === '' ? 'quiet' : 'muted'
}

/** The same change of the same alert for the same cause has the same id, whoever makes it. */
function changeId(tenant: string, { rule, key, status, by, cause }: AlertChange, after: number): string {
  const from = cause === undefined || by !== '' ? after : [cause.epoch, cause.seq, cause.atMs]
  const text = JSON.stringify([tenant, rule, key, status, by, from])
  return `alert-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
}
