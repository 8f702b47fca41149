import type { Identity, Publisher } from '@weir/mesh/edge'
import { isRetryable, WeirError } from '@weir/proto'
import type { Producer } from '../admission/producers.ts'
import { EventIds } from '../encode/event-id.ts'
import type { Outcome } from '../encode/outcome.ts'
import { isRejected, type RejectedRecord } from '../encode/record.ts'
import { Defaults, seal } from '../encode/seal.ts'
import { subjectToken } from '../encode/subject-token.ts'
import { ingestLimits } from '../limits.ts'
import type { Gate } from '../store/gate.ts'
import { outcomeOf } from '../store/intake.ts'
import { type Publication, publishRecord } from './publish-record.ts'

export interface SendingParts {
  readonly gate: Gate
  readonly publisher: Pick<Publisher, 'publishAll'>
  readonly metrics?: MqttMetrics | undefined
  readonly log: { error(fields: object, message: string): void }
  readonly aheadMs: number
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number
}

/** What is counted, as of other doors. */
export interface MqttMetrics {
  body(bytes: number): void
  stored(outcome: Outcome): void
  /** Reads at each scrape how many connections there are. */
  watchMqtt(read: () => number): void
}

/** Who publishes, by one connection. */
export interface Sender {
  readonly identity: Identity
  readonly producer: Producer
  readonly clientId: string
}

/** What became of each message of a batch: undefined where it is stored. */
export type Verdicts = readonly (RejectedRecord | undefined)[]

/**
 * Hands messages to the stream, at once and in their order. Throws `overloaded` when the sender has
 * too much under way; the promise never rejects.
 */
export function sendAll(parts: SendingParts, sender: Sender, batch: readonly Publication[]): Promise<Verdicts> {
  const { gate, metrics, now, aheadMs } = parts
  const { identity, producer } = sender
  const bytes = batch.reduce((sum, { payload }) => sum + payload.length, 0)
  producer.hold(bytes)
  try {
    producer.records.hold(batch.length)
  } catch (thrown) {
    producer.release(bytes)
    throw thrown
  }
  producer.buckets.charge(batch.length, bytes)
  metrics?.body(bytes)
  const arrivedMs = now()
  const defaults = new Defaults(arrivedMs, new EventIds(), aheadMs)
  const records = batch.map((publication, index) => publishRecord(index, publication, defaults))
  const sending = gate.intake.send(identity, records, arrivedMs)
  return verdicts()

  async function verdicts(): Promise<Verdicts> {
    const outcome = await outcomeOf(sending, (err) => parts.log.error({ err }, 'the store refuses events'))
    producer.release(bytes)
    producer.records.release(batch.length)
    metrics?.stored(outcome)
    const all: (RejectedRecord | undefined)[] = new Array(batch.length).fill(undefined)
    for (const rejected of outcome.rejected) all[rejected.index] = rejected
    return all
  }
}

/**
 * Stores why a message was refused, with the message, as an event `mqtt.refused.<sub of the
 * token>`: for senders whose protocol has no word for a refusal. Throws what the store answers.
 */
export async function storeRefusal(
  { gate, publisher, now, aheadMs }: SendingParts,
  { identity, clientId }: Sender,
  { topic, payload, properties }: Publication,
  { code, message }: RejectedRecord,
): Promise<void> {
  const clip = (text: string): string => text.slice(0, ingestLimits.mqttRefusalTextMax).toWellFormed()
  const subject = `mqtt.refused.${subjectToken(identity.subject).slice(0, ingestLimits.mqttRefusalTokenMax)}`
  const labels = { topic: clip(topic), code, reason: clip(message), client: clip(clientId) }
  const data = payload.subarray(0, ingestLimits.mqttRefusedBytesMax)
  const contentType = clip(properties?.contentType ?? 'application/octet-stream').slice(0, 64)
  const record = seal(
    0,
    subject,
    {
      $typeName: 'weir.v1.Event',
      id: '',
      type: 'mqtt.refused',
      source: 'ingest',
      labels,
      traceparent: '',
      data: { case: 'binary', value: { $typeName: 'weir.v1.Binary', contentType, data } },
    },
    new Defaults(now(), new EventIds(), aheadMs),
    true,
  )
  if (isRejected(record)) throw new WeirError(record.code, record.message)
  const { id, event } = record
  const stored = gate.intake.storedSubject(identity.tenant, subject)
  const [answer] = await publisher.publishAll([{ subject: stored, id, payload: event }])
  if (answer instanceof WeirError)
    throw isRetryable(answer.code) ? answer : new WeirError('unavailable', answer.message)
}
