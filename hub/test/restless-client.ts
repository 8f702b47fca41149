import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerFrame } from '@weir/proto'
import { Ledger, type Wish } from './ledger.ts'
import type { Random } from './random.ts'
import { TestClient } from './test-client.ts'

/** A client that comes and goes, acknowledges as it likes, and resumes on any hub; each subscription keeps a ledger. */
export class RestlessClient {
  readonly name: string
  readonly ledgers: readonly Ledger[]
  readonly habit: Habit
  readonly #options: RestlessClientOptions
  readonly #random: Random
  readonly #faults: string[] = []
  #connection: Connection | undefined
  #away = true
  #calm = false
  #ended = false

  constructor(name: string, habit: Habit, wishes: readonly Wish[], options: RestlessClientOptions) {
    this.name = name
    this.habit = habit
    this.ledgers = wishes.map((wish) => new Ledger(wish))
    this.#options = options
    this.#random = options.random
  }

  get faults(): readonly string[] {
    return this.#faults
  }

  start(): void {
    this.#away = false
    void this.#connect()
    if (this.habit.staysMs !== undefined) void this.#wander(this.habit.staysMs)
  }

  /** Goes without a word, and stays away until it is told to come back. */
  leave(): void {
    this.#away = true
    this.#connection?.client.close()
    this.#connection = undefined
  }

  comeBack(): void {
    if (!this.#away || this.#ended) return
    this.#away = false
    void this.#connect()
  }

  /** From now on it stays, and acknowledges everything at once. */
  calm(): void {
    this.#calm = true
    this.comeBack()
    if (this.#connection !== undefined) this.#acknowledge(this.#connection, this.#connection.owed)
  }

  end(): void {
    this.#ended = true
    this.leave()
  }

  async #wander(staysMs: number): Promise<void> {
    for (;;) {
      await sleep(staysMs * (0.5 + this.#random.next()))
      if (this.#calm) return
      if (this.#away) continue
      this.leave()
      for (const ledger of this.ledgers) if (this.#random.happens(this.habit.forgets)) ledger.forget()
      await sleep(this.#random.integer(0, this.habit.awayMs))
      this.comeBack()
    }
  }

  async #connect(): Promise<void> {
    const { json, windowBytes } = this.habit
    const client = new TestClient(this.#options.url(), {
      protocol: json ? 'weir.v1.json' : 'weir.v1',
      acknowledges: false,
    })
    const connection: Connection = { client, channels: new Map(), windowBytes: 0, owed: 0 }
    this.#connection = connection
    client.onFrame = (frame, bytes) => {
      if (connection === this.#connection) this.#take(connection, frame, bytes)
    }
    const code = await client.connected().then(
      async () => {
        client.greet(this.#options.token, { name: this.name, windowBytes })
        return (await client.closed).code
      },
      // A socket that is refused does not say that it has closed.
      () => 1006,
    )
    if (code === 3003) for (const ledger of this.ledgers) ledger.sights.add('a stall')
    if (code >= 3500) this.#faults.push(`closed with ${code}`)
    if (connection !== this.#connection) return
    this.#connection = undefined
    await sleep(this.#random.integer(20, 300))
    if (this.#connection === undefined && !this.#away) void this.#connect()
  }

  #take(connection: Connection, frame: ServerFrame['frame'], bytes: number): void {
    switch (frame.case) {
      case 'welcome':
        connection.windowBytes = frame.value.limits?.windowBytes ?? 0
        for (const index of this.ledgers.keys()) this.#subscribe(connection, index)
        break
      case 'subscribed': {
        const ledger = this.#ledger(frame.value.id)
        connection.channels.set(frame.value.channel, ledger)
        ledger.subscribed(frame.value)
        break
      }
      case 'batch':
        this.#spend(connection, bytes, frame.value.entries.length)
        ;(connection.channels.get(frame.value.channel) as Ledger).batch(frame.value)
        break
      case 'gap':
        this.#ledger(frame.value.id).gap(frame.value)
        break
      case 'goaway':
        setTimeout(() => this.#move(connection), frame.value.reconnectAfterMs)
        break
      case 'refused':
        // NATS is away, or the stream.
        setTimeout(() => this.#subscribe(connection, frame.value.id - 1), 100)
        break
    }
  }

  /** Connects elsewhere, as it was asked to. */
  #move(connection: Connection): void {
    if (connection !== this.#connection) return
    this.leave()
    this.comeBack()
  }

  #ledger(id: number): Ledger {
    return this.ledgers[id - 1] as Ledger
  }

  #subscribe(connection: Connection, index: number): void {
    if (connection !== this.#connection) return
    const { wish, cursor } = this.ledgers[index] as Ledger
    const { source, filters, mode, intervalMs } = wish
    const where = cursor === undefined ? {} : { cursor }
    connection.client.subscribe({ id: index + 1, source, filters: [...filters], mode, intervalMs, ...where })
  }

  /** Takes note of the bytes of a batch, and says that it is done with them when its habit wants so. */
  #spend(connection: Connection, bytes: number, entries: number): void {
    const { windowBytes, owed } = connection
    if (windowBytes === 0) return
    const isAllowed = owed + bytes <= windowBytes || (entries === 1 && bytes > windowBytes && owed <= windowBytes / 2)
    if (!isAllowed) this.#faults.push(`${owed + bytes} bytes in a window of ${windowBytes}`)
    connection.owed += bytes
    const { acknowledgesAfterMs } = this.habit
    if (this.#calm || acknowledgesAfterMs === 0) this.#acknowledge(connection, bytes)
    else if (acknowledgesAfterMs !== undefined) {
      setTimeout(() => this.#acknowledge(connection, bytes), acknowledgesAfterMs * this.#random.next())
    }
  }

  #acknowledge(connection: Connection, bytes: number): void {
    // What calm has acknowledged already is not owed any more.
    const now = Math.min(bytes, connection.owed)
    if (connection !== this.#connection || now === 0) return
    connection.owed -= now
    connection.client.acknowledge(now)
  }
}

export interface Habit {
  readonly json: boolean
  readonly windowBytes: number
  /** At most so late; undefined is never. */
  readonly acknowledgesAfterMs: number | undefined
  /** How long it stays about; undefined is for ever. */
  readonly staysMs: number | undefined
  /** How long it is away at most. */
  readonly awayMs: number
  /** The share of its returns with which it begins anew instead of resuming. */
  readonly forgets: number
}

export interface RestlessClientOptions {
  readonly random: Random
  readonly token: string
  /** Of a hub to connect to, another one each time. */
  url(): string
}

interface Connection {
  readonly client: TestClient
  readonly channels: Map<number, Ledger>
  windowBytes: number
  /** Bytes that it has not acknowledged. */
  owed: number
}
