import { connect, type Socket } from 'node:net'
import { fromBinary } from '@bufbuild/protobuf'
import { type ServerFrame, ServerFrameSchema, serverFrameFromJson } from '@weir/proto'
import { BatchCheck } from '../frames/batch-check.ts'
import { nowMicros } from '../frames/bench-event.ts'
import { clientFrame, type FrameSink, FrameSplitter } from '../frames/frame-splitter.ts'
import { chunkedBody, webSocketFrames } from '../frames/framing.ts'
import type { BatchCounter, KnownBatch } from '../frames/known-batches.ts'
import { NatsReader } from '../frames/nats-reader.ts'
import { answersSubscribe, pong, readPushes, refusal } from '../frames/push-reader.ts'
import { acknowledgement, openingFrames, request } from './subscriber-frames.ts'
import type { SubscriberPlan } from './subscriber-plan.ts'
import type { Tally } from './tally.ts'

/** One subscriber on a raw TCP socket, at a small part of what a WebSocket client costs. */
export class SubscriberSocket implements FrameSink {
  readonly #plan: SubscriberPlan
  readonly #tally: Tally
  readonly #known: BatchCounter
  readonly check: BatchCheck | undefined
  readonly #nats = new NatsReader()
  #splitter: FrameSplitter | undefined
  #socket: Socket | undefined
  #greeting = ''
  /** Code and reason of a close frame. */
  #goodbye = ''
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
  /**
   * It is opened again whenever it ends, as a client does: so it heeds Goaway, and neither a
   * refusal nor a close frame is a fault.
   */
  isKept = false
  /** The last connection ended because its hub had asked for it. */
  wasAsked = false
  /** Fires when it is its turn to go elsewhere, after a Goaway. */
  #leaving: NodeJS.Timeout | undefined
  /**
   * Bytes that it may read; below 0 what it has read too much, which the next allowance pays for.
   */
  #allowance = Number.POSITIVE_INFINITY
  /** A part of the one that all share. */
  #buffer: Uint8Array

  constructor(plan: SubscriberPlan, tally: Tally, known: BatchCounter) {
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
    this.#splitter = new FrameSplitter(this, this.#plan.dialect === 'sse' ? chunkedBody : webSocketFrames)
    this.#greeting = this.#goodbye = ''
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
      socket.once('connect', () => socket.write(request(this.#plan)))
      socket.once('close', () => {
        if (this.#socket !== socket) return
        this.#socket = undefined
        this.wasAsked = this.#leaving !== undefined
        clearTimeout(this.#leaving)
        this.#leaving = undefined
        this.#tally.closed++
        this.onClose?.()
        reject(new Error(`the connection was closed: ${this.#goodbye || this.#greeting.slice(0, 200)}`))
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

  /**
   * Reads so many bytes more, less what it has read too much before. What it had no use for before
   * is lost.
   */
  allow(bytes: number): void {
    this.#allowance = Math.min(this.#allowance + bytes, bytes)
    if (this.#allowance > 0) this.#socket?.resume()
  }

  /** Acknowledges what is owed, as a client does after 200 ms at the latest. */
  settle(): void {
    if (this.#owed > 0) this.#acknowledge()
  }

  // FrameSink.

  wants(bytes: Uint8Array, start: number, end: number, length: number): boolean {
    if (this.check !== undefined || this.#plan.dialect === 'nats') return true
    this.#whole = this.#known.find(bytes, start, end, length)
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
    if (batch === undefined && this.#plan.dialect === 'centrifuge') this.#answerCentrifuge(bytes, start, end)
    else if (batch === undefined) this.#answer(bytes.slice(start, end))
    else this.#received(batch, end - start)
  }

  skipped(length: number): void {
    this.#received(this.#whole as KnownBatch, length)
  }

  control(opcode: number, payload: Uint8Array): void {
    if (opcode === 9) this.#socket?.write(clientFrame(payload, 10))
    if (opcode !== 8) return
    const code = (payload[0] ?? 0) * 256 + (payload[1] ?? 0)
    this.#goodbye = `${code} ${Buffer.from(payload.subarray(2)).toString()}`
    if (this.isKept) this.#socket?.destroy()
    else this.#tally.fault(`closed with ${this.#goodbye}`)
  }

  #read(buffer: Uint8Array, size: number): boolean {
    try {
      const start = this.#greeted ? 0 : this.#greet(buffer, size)
      if (this.#greeted) this.#splitter?.push(buffer, start, size)
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
    const { dialect } = this.#plan
    if (!this.#greeting.startsWith(dialect === 'sse' ? 'HTTP/1.1 200' : 'HTTP/1.1 101')) {
      if (this.isKept) {
        this.#socket?.destroy()
        return 0
      }
      this.#tally.fault(this.#greeting.slice(0, 300))
      this.close()
      return 0
    }
    this.#greeted = true
    this.#tally.opened++
    // An event stream is answered once it has subscribed. Its first chunk begins with the line end
    // of its head.
    if (dialect === 'plain' || dialect === 'sse') this.#ready()
    else this.#socket?.write(openingFrames(this.#plan, this.#cursor))
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
    const { frame } = this.#decode(bytes)
    switch (frame.case) {
      case 'subscribed': {
        const { epoch = 0n, seq = 0n } = frame.value.cursor ?? {}
        // Of batches in text no cursor is read.
        if (this.#plan.dialect === 'weir') this.#cursor = { epoch, seq: Number(seq) }
        this.#ready()
        return
      }
      case 'gap':
        this.#tally.gaps++
        if (this.#cursor !== undefined) this.#cursor.seq = Number(frame.value.to)
        return
      case 'goaway':
        if (this.isKept) this.#leaving ??= setTimeout(() => this.#socket?.destroy(), frame.value.reconnectAfterMs)
        return
      case 'refused':
        this.#tally.fault(`refused: ${frame.value.message}`)
    }
  }

  /** A message with something else than publications among them. */
  #answerCentrifuge(bytes: Uint8Array, start: number, end: number): void {
    const { pushes, pings, replies } = readPushes(bytes, start, end)
    this.#tally.entries += pushes
    this.#tally.bytes += end - start
    for (let ping = 0; ping < pings; ping++) this.#socket?.write(clientFrame(pong))
    for (const reply of replies) {
      const refused = refusal(reply)
      if (refused !== undefined) this.#tally.fault(`refused: ${refused}`)
      else if (answersSubscribe(reply)) this.#ready()
    }
  }

  #decode(bytes: Uint8Array): Pick<ServerFrame, 'frame'> {
    switch (this.#plan.dialect) {
      case 'json':
        return serverFrameFromJson(Buffer.from(bytes).toString())
      case 'sse':
        return { frame: { case: undefined } }
      default:
        return fromBinary(ServerFrameSchema, bytes)
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
    this.#socket?.write(acknowledgement(this.#plan.dialect, this.#owed))
    this.#owed = 0
  }
}

/** All sockets of a process read into it, one after another. */
const sharedBuffer = Buffer.alloc(262_144)
