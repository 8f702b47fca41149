import type { Socket } from 'node:net'
import { asWeirError, WeirError } from '@weir/proto'
import type { IConnectPacket, Packet } from 'mqtt-packet'
import { v7 } from 'uuid'
import { ingestLimits } from '../limits.ts'
import { PacketReader } from './packet-reader.ts'
import { acks, PacketWriter } from './packet-writer.ts'
import type { Publication } from './publish-record.ts'
import { Publishing, type PublishingParts } from './publishing.ts'
import { connackReason, connackReturnCode, disconnectReason, reasonString, reasons } from './reason.ts'
import type { Sender } from './sending.ts'
import { Subscriptions } from './subscriptions.ts'

export interface MqttParts extends PublishingParts {
  /** The hub that serves subscriptions; without one there are none. */
  readonly hubUrl?: string | undefined
}

/** Who is connected, so that a client that comes again takes its own place. */
export type Sessions = Map<string, MqttSession>

/** One connection of MQTT 3.1.1 or 5, from CONNECT to its end. Nothing of it is kept afterwards. */
export class MqttSession {
  readonly #parts: MqttParts
  readonly #socket: Socket
  readonly #sessions: Sessions
  readonly #reader = new PacketReader(ingestLimits.mqttConnectBytesMax)
  readonly #writer: PacketWriter
  #connection: Connection | undefined
  /** Without a word for so long the client is taken for gone; 0 for ever. */
  #silenceMs: number = ingestLimits.mqttConnectMs
  #heardAt: number
  #heldBytes = 0
  #ending: Promise<void> | undefined

  constructor(parts: MqttParts, socket: Socket, sessions: Sessions) {
    this.#parts = parts
    this.#socket = socket
    this.#sessions = sessions
    this.#writer = new PacketWriter(socket)
    this.#heardAt = parts.now()
  }

  /** Resolves when the connection is over. Never rejects. */
  async run(): Promise<void> {
    const socket = this.#socket
    let work: Promise<void> = Promise.resolve()
    // Nothing more is read while what came is worked on: that is how a client that is too fast
    // waits.
    socket.on('data', (chunk: Uint8Array) => {
      socket.pause()
      work = work
        .then(() => this.#take(chunk))
        .then(
          () => void socket.resume(),
          (thrown) => this.#fail(thrown),
        )
    })
    socket.on('error', () => undefined)
    await new Promise<void>((resolve) => socket.once('close', () => resolve()))
    await work
    await this.end()
  }

  /** Ends the connection of a client that says nothing, or whose token counts no more. */
  sweep(nowMs: number): void {
    if (this.#silenceMs > 0 && nowMs - this.#heardAt > this.#silenceMs) return void this.end(reasons.keepAliveTimeout)
    try {
      if (this.#connection !== undefined) this.#parts.verifier.check(this.#connection.sender.identity)
    } catch (thrown) {
      void this.#fail(thrown)
    }
  }

  /**
   * Answers what was published and closes; MQTT 5 says why, by a code and in words. The will is
   * published unless the client took its leave. Resolves when all is done, and never rejects.
   */
  end(reasonCode?: number, message?: string): Promise<void> {
    this.#ending ??= this.#end(reasonCode, message)
    return this.#ending
  }

  async #end(reasonCode: number | undefined, message: string | undefined): Promise<void> {
    const connection = this.#connection
    if (connection !== undefined) {
      const { sender, publishing, subscriptions, key, will } = connection
      subscriptions.close()
      await publishing.settled()
      if (reasonCode !== undefined && this.#writer.version === 5) {
        const properties = message === undefined ? {} : { reasonString: reasonString(message) }
        this.#writer.send({ cmd: 'disconnect', reasonCode, properties })
      }
      if (this.#sessions.get(key) === this) this.#sessions.delete(key)
      sender.producer.release(this.#heldBytes)
      this.#heldBytes = 0
      if (will !== undefined) {
        await publishing.publish(will).catch((err) => this.#parts.log.error({ err }, 'a will was not stored'))
      }
    }
    const socket = this.#socket
    if (socket.destroyed) return
    const late = setTimeout(() => socket.destroy(), ingestLimits.mqttCloseMs)
    socket.once('close', () => clearTimeout(late))
    socket.end(() => socket.destroy())
  }

  async #fail(thrown: unknown): Promise<void> {
    const error = asWeirError(thrown)
    if (error.code === 'internal') this.#parts.log.error({ err: thrown }, 'a connection of MQTT failed here')
    await this.end(disconnectReason(error.code), error.message)
  }

  async #take(chunk: Uint8Array): Promise<void> {
    if (this.#ending !== undefined) return
    // A client has so long for the whole of its CONNECT, however slowly that comes.
    if (this.#connection !== undefined) this.#heardAt = this.#parts.now()
    for (const packet of this.#reader.read(chunk)) {
      const publishing = this.#connection?.publishing
      if (packet.cmd === 'publish' && publishing !== undefined) publishing.add(packet)
      else {
        await publishing?.flush()
        await this.#handle(packet)
      }
      if (this.#ending !== undefined) return
    }
    this.#holdRest()
    await this.#connection?.publishing.flush()
    await this.#writer.drained()
  }

  async #handle(packet: Packet): Promise<void> {
    const connection = this.#connection
    if (connection === undefined) {
      if (packet.cmd !== 'connect') throw new WeirError('malformed', 'The first packet is CONNECT.')
      return await this.#connect(packet)
    }
    const { messageId = 0 } = packet
    switch (packet.cmd) {
      case 'pingreq':
        return this.#writer.send({ cmd: 'pingresp' })
      case 'pubrel':
        return this.#writer.acknowledge(acks.pubcomp, [messageId])
      case 'subscribe': {
        const codes = packet.subscriptions.map((each) => connection.subscriptions.add(each))
        const granted = this.#writer.version === 5 ? codes : codes.map((code) => Math.min(code, reasons.unspecified))
        const properties = codes.includes(reasons.unspecified) ? { reasonString: withoutHub } : {}
        this.#writer.send({ cmd: 'suback', messageId, granted, properties })
        return connection.subscriptions.open()
      }
      case 'unsubscribe': {
        const granted = packet.unsubscriptions.map((filter) => connection.subscriptions.remove(filter))
        return this.#writer.send({ cmd: 'unsuback', messageId, granted })
      }
      case 'disconnect':
        if (packet.reasonCode !== reasons.disconnectWithWill) this.#connection = { ...connection, will: undefined }
        return await this.end()
      default:
        throw new WeirError('malformed', `A client does not send ${packet.cmd} here.`)
    }
  }

  async #connect(packet: IConnectPacket): Promise<void> {
    this.#writer.version = packet.protocolVersion === 5 ? 5 : 4
    let connection: Connection
    try {
      connection = await this.#connectionOf(packet)
    } catch (thrown) {
      const { code, message } = asWeirError(thrown)
      const reason =
        this.#writer.version === 5
          ? { reasonCode: connackReason(code), properties: { reasonString: reasonString(message) } }
          : { returnCode: connackReturnCode(code) }
      this.#writer.send({ cmd: 'connack', sessionPresent: false, ...reason })
      return await this.end()
    }
    // It may have been ended meanwhile: nobody would take it out of the sessions again.
    if (this.#ending !== undefined) return
    this.#connection = connection
    const { key, sender } = connection
    this.#heardAt = this.#parts.now()
    this.#silenceMs = (packet.keepalive ?? 0) * 1500
    this.#reader.bytesMax = ingestLimits.mqttPacketBytesMax
    void this.#sessions.get(key)?.end(reasons.sessionTakenOver)
    this.#sessions.set(key, this)
    if (this.#writer.version === 4) return this.#writer.send({ cmd: 'connack', returnCode: 0, sessionPresent: false })
    const named = packet.clientId === '' ? { assignedClientIdentifier: sender.clientId } : {}
    this.#writer.send({ cmd: 'connack', reasonCode: 0, sessionPresent: false, properties: { ...offered, ...named } })
  }

  /** Throws what the client is refused for. */
  async #connectionOf({ password, clientId, will }: IConnectPacket): Promise<Connection> {
    const { verifier, gate, now, hubUrl } = this.#parts
    if (password === undefined) throw new WeirError('unauthenticated', 'The password is the token.')
    const token = password.toString()
    const identity = await verifier.verify(token)
    if (identity.subscribe.length === 0) gate.intake.checkGrants(identity, undefined)
    const producer = await gate.admit(identity, now())
    const failed = (thrown: unknown): void => void this.#fail(thrown)
    const sender: Sender = { identity, producer, clientId: clientId === '' ? v7() : clientId }
    return {
      sender,
      key: JSON.stringify([identity.tenant, identity.subject, sender.clientId]),
      publishing: new Publishing(this.#parts, sender, this.#writer, failed),
      subscriptions: new Subscriptions({ identity, token, hubUrl, writer: this.#writer, failed }),
      will: will as Publication | undefined,
    }
  }

  /** Pays for the bytes of a packet that has not come whole. Throws `overloaded`. */
  #holdRest(): void {
    const producer = this.#connection?.sender.producer
    if (producer === undefined) return
    const bytes = this.#reader.restBytes
    if (bytes > this.#heldBytes) producer.hold(bytes - this.#heldBytes)
    else producer.release(this.#heldBytes - bytes)
    this.#heldBytes = bytes
  }
}

/** What is there once a client is let in. */
interface Connection {
  readonly sender: Sender
  /** Of this client among all sessions. */
  readonly key: string
  readonly publishing: Publishing
  readonly subscriptions: Subscriptions
  /** Published when the connection ends without a leave. */
  readonly will: Publication | undefined
}

const withoutHub = 'Nothing can be subscribed to here: this ingest has no WEIR_HUB_URL.'

/** What MQTT 5 tells a client of this server (section 3.2.2.3). */
const offered = {
  sessionExpiryInterval: 0,
  receiveMaximum: ingestLimits.mqttInFlightMax,
  maximumQoS: 1,
  maximumPacketSize: ingestLimits.mqttPacketBytesMax,
  topicAliasMaximum: 0,
  subscriptionIdentifiersAvailable: false,
  sharedSubscriptionAvailable: false,
}
