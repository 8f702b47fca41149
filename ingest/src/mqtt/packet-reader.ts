import { Buffer } from 'node:buffer'
import { WeirError } from '@weir/proto'
import { type Packet, type Parser, parser } from 'mqtt-packet'
import { PacketCutter } from './packet-cutter.ts'

/** Reads the packets of one connection, whichever version its CONNECT names. */
export class PacketReader {
  readonly #cutter: PacketCutter
  readonly #parser: Parser = parser()
  #packet: Packet | undefined
  #fault: unknown

  constructor(bytesMax: number) {
    this.#cutter = new PacketCutter(bytesMax)
    this.#parser.on('packet', (packet) => {
      this.#packet = packet
    })
    this.#parser.on('error', (fault) => {
      this.#fault = fault
    })
  }

  set bytesMax(bytes: number) {
    this.#cutter.bytesMax = bytes
  }

  /** Of a packet that has not come whole. */
  get restBytes(): number {
    return this.#cutter.restBytes
  }

  /** Payloads are views of the chunk. Throws `malformed` and `too_large` when it comes to them. */
  *read(chunk: Uint8Array): Generator<Packet> {
    for (const bytes of this.#cutter.cut(chunk)) yield this.#parsed(bytes)
  }

  #parsed({ buffer, byteOffset, byteLength }: Uint8Array): Packet {
    this.#packet = undefined
    this.#fault = undefined
    try {
      this.#parser.parse(Buffer.from(buffer, byteOffset, byteLength))
    } catch (thrown) {
      this.#fault = thrown
    }
    const packet = this.#packet as Packet | undefined
    if (packet !== undefined && this.#fault === undefined) return packet
    const reason = this.#fault instanceof Error ? `: ${this.#fault.message.slice(0, 128)}` : ''
    throw new WeirError('malformed', `The packet is not one of MQTT 3.1.1 or 5${reason}.`, { cause: this.#fault })
  }
}
