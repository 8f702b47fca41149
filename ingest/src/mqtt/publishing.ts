import { setTimeout as sleep } from 'node:timers/promises'
import type { Verifier } from '@weir/mesh/edge'
import { isRetryable, WeirError } from '@weir/proto'
import type { IPublishPacket } from 'mqtt-packet'
import type { RejectedRecord } from '../encode/record.ts'
import { ingestLimits } from '../limits.ts'
import { acks, type PacketWriter } from './packet-writer.ts'
import type { Publication } from './publish-record.ts'
import { pubackReason, reasonString } from './reason.ts'
import { type Sender, type SendingParts, sendAll, storeRefusal, type Verdicts } from './sending.ts'

export interface PublishingParts extends SendingParts {
  readonly verifier: Pick<Verifier, 'verify' | 'check'>
}

/**
 * What one client publishes, acknowledged in its order: when the stream has a message, or when it
 * has been refused for good. MQTT 5 says a refusal in the acknowledgement; where no word is left
 * for it, as in MQTT 3.1.1 and for QoS 0, it is stored as an event. Of what may pass nothing is
 * acknowledged: it is thrown, and with the connection over the client sends it again.
 */
export class Publishing {
  readonly #parts: PublishingParts
  readonly #sender: Sender
  readonly #writer: PacketWriter
  readonly #failed: (thrown: unknown) => void
  #batch: Message[] = []
  #unanswered = 0
  #answers: Promise<void> = Promise.resolve()

  constructor(parts: PublishingParts, sender: Sender, writer: PacketWriter, failed: (thrown: unknown) => void) {
    this.#parts = parts
    this.#sender = sender
    this.#writer = writer
    this.#failed = failed
  }

  /** Throws `malformed` for what the client may not send. */
  add(packet: IPublishPacket): void {
    if (packet.qos > 0 && !((packet.messageId ?? 0) > 0))
      throw new WeirError('malformed', 'A message has an id above 0.')
    if (packet.qos === 2 && this.#writer.version === 5) throw new WeirError('malformed', 'QoS 2 was not offered.')
    if (packet.properties?.topicAlias !== undefined) throw new WeirError('malformed', 'No topic alias was offered.')
    this.#batch.push(packet as Message)
  }

  /**
   * Sends what was added. Waits while the client is too fast, which reads no more from it
   * meanwhile.
   */
  async flush(): Promise<void> {
    if (this.#batch.length === 0) return
    const batch = this.#batch
    this.#batch = []
    while (this.#unanswered > ingestLimits.mqttInFlightMax) await this.#answers
    const { identity, producer } = this.#sender
    this.#parts.gate.producers.of(identity, this.#parts.now())
    if (producer.buckets.waitSeconds > 0) await sleep(producer.buckets.waitSeconds * 1000)
    this.#parts.verifier.check(identity)
    const verdicts = sendAll(this.#parts, this.#sender, batch)
    this.#unanswered += batch.length
    this.#answers = this.#answers.then(() => this.#answer(batch, verdicts))
  }

  /** Publishes a will. Rejects when it cannot be stored. */
  async publish(publication: Publication): Promise<void> {
    const [refusal] = await sendAll(this.#parts, this.#sender, [publication])
    if (refusal !== undefined) await storeRefusal(this.#parts, this.#sender, publication, refusal)
  }

  /** Resolves when all that was sent is answered. Never rejects. */
  settled(): Promise<void> {
    return this.#answers
  }

  /** Never rejects. */
  async #answer(batch: readonly Message[], verdicts: Promise<Verdicts>): Promise<void> {
    const all = await verdicts
    try {
      const failure = await this.#acknowledge(batch, all)
      if (failure !== undefined) this.#failed(new WeirError(failure.code, failure.message))
    } catch (thrown) {
      this.#failed(thrown)
    }
    this.#unanswered -= batch.length
  }

  /** Gives the first that was refused for a reason that passes. */
  async #acknowledge(batch: readonly Message[], verdicts: Verdicts): Promise<RejectedRecord | undefined> {
    let passing: RejectedRecord | undefined
    let stored: number[] = []
    for (const [at, { qos, messageId = 0 }] of batch.entries()) {
      const refusal = verdicts[at]
      if (refusal !== undefined && isRetryable(refusal.code)) {
        passing ??= refusal
        continue
      }
      if (refusal !== undefined && qos === 1 && this.#writer.version === 5) {
        this.#writer.acknowledge(acks.puback, stored)
        stored = []
        const properties = { reasonString: reasonString(refusal.message) }
        this.#writer.send({ cmd: 'puback', messageId, reasonCode: pubackReason(refusal.code), properties })
        continue
      }
      if (refusal !== undefined) await storeRefusal(this.#parts, this.#sender, batch[at] as Message, refusal)
      if (qos === 1) stored.push(messageId)
      else if (qos === 2) {
        this.#writer.acknowledge(acks.puback, stored)
        stored = []
        this.#writer.acknowledge(acks.pubrec, [messageId])
      }
    }
    this.#writer.acknowledge(acks.puback, stored)
    return passing
  }
}

type Message = IPublishPacket & Publication
