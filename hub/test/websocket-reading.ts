import { cursorField, type ServerFrame } from '@weir/proto'
import type { TestHub } from './harness.ts'
import type { Ledgers } from './ledgers.ts'
import type { Reader, Reading } from './reading.ts'
import { TestClient } from './test-client.ts'

/** Every subscription of a client by one WebSocket, acknowledged as its habit wants. */
export class WebSocketReading implements Reading {
  readonly ended: Promise<number>
  readonly #client: TestClient
  readonly #reader: Reader
  readonly #channels: Map<number, Ledgers> = new Map()
  #windowBytes = 0
  /** Bytes that it has not acknowledged. */
  #owed = 0
  #closed = false

  constructor(hub: TestHub, reader: Reader) {
    const { name, token, habit } = reader
    const protocol = habit.by === 'SSE' ? 'weir.v1' : habit.by
    this.#reader = reader
    this.#client = new TestClient(hub.url, { protocol, acknowledges: false })
    this.#client.onFrame = (frame, bytes) => {
      if (!this.#closed) this.#take(frame, bytes)
    }
    this.ended = this.#client.connected().then(
      async () => {
        this.#client.greet(token, { name, windowBytes: habit.windowBytes })
        return (await this.#client.closed).code
      },
      // A socket that is refused does not say that it has closed.
      () => 1006,
    )
  }

  close(): void {
    this.#closed = true
    this.#client.close()
  }

  acknowledgeAll(): void {
    this.#acknowledge(this.#owed)
  }

  #take(frame: ServerFrame['frame'], bytes: number): void {
    switch (frame.case) {
      case 'welcome':
        this.#windowBytes = frame.value.limits?.windowBytes ?? 0
        for (const index of this.#reader.ledgers.keys()) this.#subscribe(index)
        break
      case 'subscribed': {
        const { id, channel, shards } = frame.value
        const ledgers = this.#ledgers(id)
        for (const part of shards?.shards ?? [{ channel }]) this.#channels.set(part.channel, ledgers)
        ledgers.subscribed(frame.value)
        break
      }
      case 'batch':
        this.#spend(bytes, frame.value.entries.length)
        ;(this.#channels.get(frame.value.channel) as Ledgers).batch(frame.value)
        break
      case 'gap':
        this.#ledgers(frame.value.id).gap(frame.value)
        break
      case 'goaway':
        this.#reader.goaway(frame.value.reconnectAfterMs)
        break
      case 'refused':
        // NATS is away, or the stream.
        if (frame.value.code === 'internal') this.#reader.fault(`refused for ${frame.value.message}`)
        setTimeout(() => this.#subscribe(frame.value.id - 1), 100)
        break
    }
  }

  #ledgers(id: number): Ledgers {
    return this.#reader.ledgers[id - 1] as Ledgers
  }

  #subscribe(index: number): void {
    if (this.#closed) return
    const { wish, cursor } = this.#reader.ledgers[index] as Ledgers
    const { source, filters, mode, intervalMs } = wish
    this.#client.subscribe({ id: index + 1, source, filters: [...filters], mode, intervalMs, ...cursorField(cursor) })
  }

  /**
   * Takes note of the bytes of a batch, and says that it is done with them when its habit wants so.
   */
  #spend(bytes: number, entries: number): void {
    const window = this.#windowBytes
    const owed = this.#owed
    if (window === 0) return
    const isAllowed = owed + bytes <= window || (entries === 1 && bytes > window && owed <= window / 2)
    if (!isAllowed) this.#reader.fault(`${owed + bytes} bytes in a window of ${window}`)
    this.#owed += bytes
    const { isCalm, random, habit } = this.#reader
    const { acknowledgesAfterMs } = habit
    if (isCalm || acknowledgesAfterMs === 0) this.#acknowledge(bytes)
    else if (acknowledgesAfterMs !== undefined) {
      setTimeout(() => this.#acknowledge(bytes), acknowledgesAfterMs * random.next())
    }
  }

  #acknowledge(bytes: number): void {
    // What calm has acknowledged already is not owed any more.
    const now = Math.min(bytes, this.#owed)
    if (this.#closed || now === 0) return
    this.#owed -= now
    this.#client.acknowledge(now)
  }
}
