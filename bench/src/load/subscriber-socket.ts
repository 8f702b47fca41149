import { connect, type Socket } from 'node:net'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { type ClientFrame, ClientFrameSchema, Mode, ServerFrameSchema, type Subscribe } from '@weir/proto'
import { BatchCheck } from './batch-check.ts'
import { nowMicros } from './bench-event.ts'
import { clientFrame, type FrameSink, FrameSplitter } from './frame-splitter.ts'
import type { KnownBatch, KnownBatches } from './known-batches.ts'
import { NatsReader } from './nats-reader.ts'
import type { Tally } from './tally.ts'

/** What a socket asks for and how it reads. */
export interface SubscriberPlan {
  readonly port: number
  /** weir: subscribes and acknowledges; plain: a peer that sends batches to whoever connects; nats: a nats-server. */
  readonly dialect: 'weir' | 'plain' | 'nats'
  readonly token: string
  readonly filter: string
  readonly mode: 'ALL' | 'LATEST'
  /** 0 never acknowledges. */
  readonly windowBytes: number
  /** Decodes and checks every entry instead of counting: what BatchCheck begins with, the last number of each subject. */
  readonly checkAfter?: readonly number[]
  /** The most that one read takes, until it may read everything again; undefined for those that always may. */
  readonly readBytesMax?: number
}

/** One subscriber on a raw TCP socket, at a small part of what a WebSocket client costs. */
export class SubscriberSocket implements FrameSink {
  readonly #plan: SubscriberPlan
  readonly #tally: Tally
  readonly #known: KnownBatches
  readonly check: BatchCheck | undefined
  readonly #nats = new NatsReader()
  #splitter = new FrameSplitter(this)
  #socket: Socket | undefined
  #greeting = ''
  #greeted = false
  #whole: KnownBatch | undefined
  #cursor: { epoch: bigint; seq: number } | undefined
  #owed = 0
  #subscribed: (() => void) | undefined
  /** When the newest batch came in, and when its oldest event was published; microseconds. */
  heardAt = 0
  heardOf = 0
  /** The other side has closed. */
  onClose: (() => void) | undefined
  /** Bytes that it may read; below 0 what it has read too much, which the next allowance pays for. */
  #allowance = Number.POSITIVE_INFINITY
  /** A part of the one that all share. */
  #buffer: Uint8Array

  constructor(plan: SubscriberPlan, tally: Tally, known: KnownBatches) {
    this.#plan = plan
    this.#buffer = sharedBuffer.subarray(0, plan.readBytesMax)
    this.#tally = tally
    this.#known = known
    this.check = plan.checkAfter && new BatchCheck(plan.checkAfter, plan.mode)
  }

  /** The sequence up to which everything was received; -1 before Subscribed. */
  get seq(): number {
    return this.#cursor?.seq ?? -1
  }

  /** Connects, and subscribes from its cursor if it has one; resolves when that was answered. */
  open(port: number = this.#plan.port): Promise<void> {
    this.#splitter = new FrameSplitter(this)
    this.#greeting = ''
    this.#greeted = false
    this.#owed = 0
    // Asked for after each read, which those that always read everything are spared.
    const buffer = this.#plan.readBytesMax === undefined ? sharedBuffer : () => this.#buffer
    return new Promise((resolve, reject) => {
      this.#subscribed = resolve
      const socket = connect({
        port,
        host: '127.0.0.1',
        noDelay: true,
        onread: { buffer, callback: (size, buffer) => this.#read(buffer as Uint8Array, size) },
      })
      this.#socket = socket
      socket.once('error', reject)
      socket.once('connect', () => socket.write(this.#upgrade()))
      socket.once('close', () => {
        if (this.#socket !== socket) return
        this.#socket = undefined
        this.#tally.closed++
        this.onClose?.()
        reject(new Error(`the connection was closed: ${this.#greeting.slice(0, 200)}`))
      })
    })
  }

  close(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.destroy()
  }

  /** What its connection has read. */
  get bytesRead(): number {
    return this.#socket?.bytesRead ?? 0
  }

  readEverything(): void {
    this.#allowance = Number.POSITIVE_INFINITY
    this.#buffer = sharedBuffer
    this.#socket?.resume()
  }

  readNothing(): void {
    this.#allowance = 0
    this.#socket?.pause()
  }

  /** Reads so many bytes more, less what it has read too much before. What it had no use for before is lost. */
  allow(bytes: number): void {
    this.#allowance = Math.min(this.#allowance + bytes, bytes)
    if (this.#allowance > 0) this.#socket?.resume()
  }

  /** Acknowledges what is owed, as a client does after 200 ms at the latest. */
  settle(): void {
    if (this.#owed > 0) this.#acknowledge()
  }

  // FrameSink.

  wants(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.check !== undefined || this.#plan.dialect === 'nats') return true
    this.#whole = this.#known.find(bytes, start, end)
    return this.#whole === undefined
  }

  frame(bytes: Uint8Array, start: number, end: number): void {
    if (this.#plan.dialect === 'nats') {
      this.#readNats(bytes, start, end)
      return
    }
    const batch =
      this.check === undefined
        ? this.#known.count(bytes, start, end)
        : this.check.check(bytes, start, end, this.#cursor?.seq ?? 0)
    if (batch === undefined) this.#answer(bytes.slice(start, end))
    else this.#received(batch, end - start)
  }

  skipped(length: number): void {
    this.#received(this.#whole as KnownBatch, length)
  }

  control(opcode: number, payload: Uint8Array): void {
    if (opcode === 9) this.#socket?.write(clientFrame(payload, 10))
    if (opcode === 8) this.#tally.fault(`closed with ${(payload[0] ?? 0) * 256 + (payload[1] ?? 0)}`)
  }

  #read(buffer: Uint8Array, size: number): boolean {
    try {
      const start = this.#greeted ? 0 : this.#greet(buffer, size)
      if (this.#greeted) this.#splitter.push(buffer, start, size)
    } catch (thrown) {
      this.#tally.fault(String(thrown))
      this.close()
      return false
    }
    this.#allowance -= size
    return this.#allowance > 0
  }

  /** Where the frames begin, once the answer to the upgrade is all there. */
  #greet(buffer: Uint8Array, size: number): number {
    const before = this.#greeting.length
    this.#greeting += Buffer.from(buffer.buffer, buffer.byteOffset, size).toString('latin1')
    const end = this.#greeting.indexOf('\r\n\r\n')
    if (end < 0) return 0
    if (!this.#greeting.startsWith('HTTP/1.1 101')) {
      this.#tally.fault(this.#greeting.slice(0, 300))
      this.close()
      return 0
    }
    this.#greeted = true
    this.#tally.opened++
    if (this.#plan.dialect === 'plain') this.#ready()
    else this.#socket?.write(this.#opening())
    return end + 4 - before
  }

  #received(batch: KnownBatch, length: number): void {
    const tally = this.#tally
    const cursor = this.#cursor
    if (cursor !== undefined) {
      if (batch.from !== cursor.seq) tally.fault(`a batch begins at ${batch.from}, not at the cursor ${cursor.seq}`)
      cursor.seq = batch.to
    }
    tally.batches++
    tally.entries += batch.entries
    tally.conflated += batch.conflated
    tally.bytes += length
    if (batch.micros > 0) {
      this.heardAt = nowMicros()
      this.heardOf = batch.micros
      tally.latencies.add(this.heardAt - batch.micros)
    }
    if (this.#plan.windowBytes === 0) return
    this.#owed += length
    if (this.#owed >= this.#plan.windowBytes / 4) this.#acknowledge()
  }

  #readNats(bytes: Uint8Array, start: number, end: number): void {
    const nats = this.#nats
    const before = nats.messages
    nats.push(bytes, start, end)
    this.#tally.entries += nats.messages - before
    this.#tally.batches++
    this.#tally.bytes += end - start
    if (nats.micros > 0) this.#tally.latencies.add(nowMicros() - nats.micros)
    if (nats.ready) this.#ready()
  }

  #answer(bytes: Uint8Array): void {
    const { frame } = fromBinary(ServerFrameSchema, bytes)
    switch (frame.case) {
      case 'subscribed': {
        const { epoch = 0n, seq = 0n } = frame.value.cursor ?? {}
        this.#cursor = { epoch, seq: Number(seq) }
        this.#ready()
        return
      }
      case 'gap':
        this.#tally.gaps++
        if (this.#cursor !== undefined) this.#cursor.seq = Number(frame.value.to)
        return
      case 'refused':
        this.#tally.fault(`refused: ${frame.value.message}`)
    }
  }

  #ready(): void {
    if (this.#subscribed === undefined) return
    this.#tally.subscribed++
    this.#subscribed()
    this.#subscribed = undefined
  }

  #acknowledge(): void {
    this.#tally.acks++
    this.#socket?.write(ackFrame(this.#owed))
    this.#owed = 0
  }

  #upgrade(): string {
    const [path, protocol] =
      this.#plan.dialect === 'nats' ? ['/', ''] : ['/v1/ws', 'Sec-WebSocket-Protocol: weir.v1\r\n']
    return `GET ${path} HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${protocol}\r\n`
  }

  #opening(): Uint8Array {
    const { dialect, token, filter, mode, windowBytes } = this.#plan
    if (dialect === 'nats') {
      return clientFrame(Buffer.from(`CONNECT {"verbose":false,"headers":true}\r\nSUB ${filter} 1\r\nPING\r\n`))
    }
    const cursor = this.#cursor && { epoch: this.#cursor.epoch, seq: BigInt(this.#cursor.seq) }
    const subscribe: Subscribe = {
      $typeName: 'weir.v1.Subscribe',
      id: 1,
      source: 'events',
      filters: [filter],
      mode: Mode[mode],
      intervalMs: 0,
      ...(cursor && { cursor: { $typeName: 'weir.v1.Cursor', ...cursor } }),
    }
    return Buffer.concat([
      encode({ case: 'hello', value: { $typeName: 'weir.v1.Hello', token, client: 'bench', windowBytes } }),
      encode({ case: 'subscribe', value: subscribe }),
    ])
  }
}

/** All sockets of a process read into it, one after another. */
const sharedBuffer = Buffer.alloc(262_144)

function encode(frame: ClientFrame['frame']): Uint8Array {
  return clientFrame(toBinary(ClientFrameSchema, create(ClientFrameSchema, { frame })))
}

/** Ack by hand: a generator sends tens of thousands a second. */
function ackFrame(bytes: number): Uint8Array {
  const digits: number[] = []
  for (let rest = bytes; ; rest = Math.floor(rest / 128)) {
    digits.push(rest > 0x7f ? (rest % 128) | 0x80 : rest)
    if (rest <= 0x7f) break
  }
  return Uint8Array.of(0x82, 0x80 | (digits.length + 3), 0, 0, 0, 0, 0x22, digits.length + 1, 0x08, ...digits)
}
