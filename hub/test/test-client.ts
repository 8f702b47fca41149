import assert from 'node:assert/strict'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  type Batch,
  type ClientFrame,
  ClientFrameSchema,
  clientFrameToJson,
  EventSchema,
  Mode,
  type ServerFrame,
  ServerFrameSchema,
  type Subscribe,
  SubscribeSchema,
  serverFrameFromJson,
} from '@weir/proto'
import { testToken } from './harness.ts'
import { patienceMs } from './until.ts'

type Value<C extends NonNullable<ServerFrame['frame']['case']>> = Extract<ServerFrame['frame'], { case: C }>['value']

export interface TestClientOptions {
  readonly protocol?: 'weir.v1' | 'weir.v1.json'
  readonly token?: string
  /** 0, the default, never acknowledges. */
  readonly windowBytes?: number
  readonly acknowledges?: boolean
  /** What it calls itself. */
  readonly name?: string
}

/** A client that keeps to the wire alone and records every frame. */
export class TestClient {
  readonly frames: ServerFrame['frame'][] = []
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  acknowledges: boolean
  /** Bytes of all batches so far. */
  batchBytes = 0
  /** Hears the bytes of each batch. */
  onBatch: ((bytes: number) => void) | undefined
  /** Hears each frame, with the bytes of its message. */
  onFrame: ((frame: ServerFrame['frame'], bytes: number) => void) | undefined
  #unacknowledged = 0
  readonly #socket: WebSocket
  readonly #json: boolean
  /** The entries of each batch as texts, which tests ask for again and again. */
  readonly #texts: WeakMap<Batch, readonly string[]> = new WeakMap()
  #wake: (() => void)[] = []

  constructor(url: string, options: TestClientOptions = {}) {
    this.#json = options.protocol === 'weir.v1.json'
    this.acknowledges = options.acknowledges ?? (options.windowBytes ?? 0) > 0
    this.#socket = new WebSocket(url, options.protocol ?? 'weir.v1')
    this.#socket.binaryType = 'arraybuffer'
    this.#socket.onmessage = ({ data }) => this.#received(data as string | ArrayBuffer)
    this.closed = new Promise((resolve) => {
      this.#socket.onclose = ({ code, reason }) => {
        resolve({ code, reason })
        this.#notify()
      }
    })
  }

  /** Connected, greeted and welcome. */
  static async open(url: string, options: TestClientOptions = {}): Promise<TestClient> {
    const client = new TestClient(url, options)
    await client.connected()
    client.greet(options.token ?? (await testToken()), options)
    await client.next('welcome')
    return client
  }

  greet(token: string, { name = 'test', windowBytes = 0 }: TestClientOptions): void {
    this.send({ case: 'hello', value: { $typeName: 'weir.v1.Hello', token, client: name, windowBytes } })
  }

  connected(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.onopen = () => resolve()
      this.#socket.onerror = () => reject(new Error('the connection was refused'))
    })
  }

  send(frame: ClientFrame['frame']): void {
    const message = create(ClientFrameSchema, { frame })
    this.#socket.send(this.#json ? clientFrameToJson(message) : toBinary(ClientFrameSchema, message))
  }

  sendRaw(message: string | Uint8Array): void {
    this.#socket.send(message)
  }

  subscribe(wish: Partial<Omit<Subscribe, '$typeName'>> = {}): void {
    const value = create(SubscribeSchema, { id: 1, source: 'events', filters: ['>'], mode: Mode.ALL, ...wish })
    this.send({ case: 'subscribe', value })
  }

  /** The first frame of a kind that has not been taken yet. */
  async next<C extends NonNullable<ServerFrame['frame']['case']>>(kind: C): Promise<Value<C>> {
    await this.until(() => this.frames.some((frame) => frame.case === kind))
    const index = this.frames.findIndex((frame) => frame.case === kind)
    return this.frames.splice(index, 1)[0]?.value as Value<C>
  }

  /** Every batch so far. */
  get batches(): readonly Batch[] {
    return this.frames.filter((frame) => frame.case === 'batch').map(({ value }) => value)
  }

  /** `subject=data` of every entry so far, or `subject!` for a removal. */
  get entries(): readonly string[] {
    return this.batches.flatMap((batch) => {
      const known = this.#texts.get(batch)
      if (known !== undefined) return known
      const texts = batch.entries.map(textOf)
      this.#texts.set(batch, texts)
      return texts
    })
  }

  get seqs(): readonly number[] {
    return this.batches.flatMap(({ entries }) => entries.map(({ seq }) => Number(seq)))
  }

  async until(condition: () => boolean): Promise<void> {
    const deadline = Date.now() + patienceMs
    while (!condition()) {
      const kinds = this.frames.slice(-5).map(({ case: kind }) => kind)
      assert.ok(Date.now() < deadline, `not reached; the last frames were ${kinds.join(', ')}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100)
        this.#wake.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  acknowledge(bytes: number): void {
    this.#unacknowledged -= bytes
    this.send({ case: 'ack', value: { $typeName: 'weir.v1.Ack', bytes } })
  }

  /** Acknowledges what it owes, and each batch from now on. */
  acknowledgeAll(): void {
    this.acknowledges = true
    this.acknowledge(this.#unacknowledged)
  }

  close(): void {
    this.#socket.close()
  }

  #received(data: string | ArrayBuffer): void {
    const frame =
      typeof data === 'string'
        ? serverFrameFromJson(data).frame
        : fromBinary(ServerFrameSchema, new Uint8Array(data)).frame
    this.frames.push(frame)
    const bytes = typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength
    this.onFrame?.(frame, bytes)
    if (frame.case === 'batch') {
      this.batchBytes += bytes
      this.#unacknowledged += bytes
      if (this.acknowledges) this.acknowledge(bytes)
      this.onBatch?.(bytes)
    }
    this.#notify()
  }

  #notify(): void {
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }
}

function textOf({ subject, content }: Batch['entries'][number]): string {
  if (content.case !== 'event') return `${subject}!`
  const { data } = fromBinary(EventSchema, content.value)
  return `${subject}=${data.case === 'json' ? data.value : data.case}`
}
