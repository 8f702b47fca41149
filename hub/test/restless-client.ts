import { setTimeout as sleep } from 'node:timers/promises'
import type { TestHub } from './harness.ts'
import type { Wish } from './ledger.ts'
import { Ledgers } from './ledgers.ts'
import type { Random } from './random.ts'
import type { Habit, Reading } from './reading.ts'
import { SseReading } from './sse-reading.ts'
import { WebSocketReading } from './websocket-reading.ts'

/**
 * A client that comes and goes, acknowledges as it likes, and resumes on any hub; each subscription
 * keeps its ledgers.
 */
export class RestlessClient {
  readonly name: string
  readonly ledgers: readonly Ledgers[]
  readonly habit: Habit
  readonly #options: RestlessClientOptions
  readonly #random: Random
  readonly #faults: string[] = []
  #reading: Reading | undefined
  #away = true
  #calm = false
  #ended = false

  constructor(name: string, habit: Habit, wishes: readonly Wish[], options: RestlessClientOptions) {
    this.name = name
    this.habit = habit
    this.ledgers = wishes.map((wish) => new Ledgers(wish))
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
    this.#reading?.close()
    this.#reading = undefined
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
    this.#reading?.acknowledgeAll()
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
      for (const each of this.ledgers) if (this.#random.happens(this.habit.forgets)) each.forget()
      await sleep(this.#random.integer(0, this.habit.awayMs))
      this.comeBack()
    }
  }

  async #connect(): Promise<void> {
    const reading = this.#read(this.#options.hub())
    this.#reading = reading
    const code = await reading.ended
    reading.close()
    if (code === 3003) for (const each of this.ledgers) each.see('a stall')
    if (code >= 3500) this.#faults.push(`closed with ${code}`)
    if (reading !== this.#reading) return
    this.#reading = undefined
    await sleep(this.#random.integer(20, 300))
    if (this.#reading === undefined && !this.#away) void this.#connect()
  }

  #read(hub: TestHub): Reading {
    const isCalm = (): boolean => this.#calm
    const reading: Reading = new (this.habit.by === 'SSE' ? SseReading : WebSocketReading)(hub, {
      name: this.name,
      token: this.#options.token,
      habit: this.habit,
      random: this.#random,
      ledgers: this.ledgers,
      get isCalm() {
        return isCalm()
      },
      fault: (words) => void this.#faults.push(words),
      goaway: (reconnectAfterMs) => void setTimeout(() => this.#move(reading), reconnectAfterMs),
    })
    return reading
  }

  /** Connects elsewhere, as it was asked to. */
  #move(reading: Reading): void {
    if (reading !== this.#reading) return
    this.leave()
    this.comeBack()
  }
}

export interface RestlessClientOptions {
  readonly random: Random
  readonly token: string
  /** To connect to, another one each time. */
  hub(): TestHub
}
