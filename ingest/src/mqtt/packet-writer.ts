import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { generate, type Packet } from 'mqtt-packet'
import { ingestLimits } from '../limits.ts'

/** Writes the packets of one connection, in the version that its client speaks. */
export class PacketWriter {
  version: 4 | 5 = 4
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.#socket = socket
  }

  send(packet: Packet): void {
    this.#socket.write(generate(packet, { protocolVersion: this.version }))
  }

  /** PUBACK, PUBREC or PUBCOMP without more to say, of one message or of many. */
  acknowledge(type: AckType, messageIds: readonly number[]): void {
    const bytes = Buffer.allocUnsafe(4 * messageIds.length)
    for (let at = 0; at < messageIds.length; at++) bytes.writeUInt32BE(type + (messageIds[at] ?? 0), 4 * at)
    if (bytes.length > 0) this.#socket.write(bytes)
  }

  /** Resolves when what was written is little enough to write more, or nobody reads it any more. */
  async drained(): Promise<void> {
    const socket = this.#socket
    if (socket.writableLength <= ingestLimits.mqttUnsentBytesMax || socket.destroyed) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        socket.off('drain', done)
        socket.off('close', done)
        resolve()
      }
      socket.on('drain', done)
      socket.on('close', done)
    })
  }
}

/** The head of each, as the upper half of the four bytes. */
export const acks = { puback: 0x4002_0000, pubrec: 0x5002_0000, pubcomp: 0x7002_0000 } as const

type AckType = (typeof acks)[keyof typeof acks]
