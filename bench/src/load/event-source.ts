import { setTimeout as sleep } from 'node:timers/promises'
import {
  connectNats,
  createLogger,
  eventSubject,
  type NatsConnection,
  type Outgoing,
  Publisher,
  shardName,
  shardOf,
} from '@weir/mesh'
import { BenchEvent, benchSubject, nowMicros } from '../frames/bench-event.ts'
import type { Published, PublishPlan } from './load-plan.ts'
import type { Tally } from './tally.ts'

/** Publishes the events of a plan, acknowledged by the stream, subject after subject in turn. */
export class EventSource {
  readonly #nc: NatsConnection
  readonly #publisher: Publisher
  readonly #run: string = crypto.randomUUID()
  #events = 0
  #stored = 0
  #failed: unknown
  #halted = false
  readonly #numbers: number[] = []

  private constructor(nc: NatsConnection) {
    this.#nc = nc
    this.#publisher = new Publisher(nc, { inFlightMax: 1_000_000, inFlightBytesMax: 1e9 })
  }

  static async connect(natsUrl: string): Promise<EventSource> {
    return new EventSource(await connectNats({ url: natsUrl, name: 'bench', log: createLogger('bench', 'warn') }))
  }

  /**
   * Publishes for `plan.ms`; resolves when everything is stored. The numbers go on from an earlier
   * run.
   */
  async run(plan: PublishPlan, tally: Tally): Promise<Published> {
    const { pace, ms } = plan
    const before = this.#events
    const entriesBefore = tally.entries
    const event = new BenchEvent(plan.eventBytes)
    const start = performance.now()
    const due = (): number => {
      switch (pace.kind) {
        case 'rate':
          return Math.floor(((performance.now() - start) * pace.perSecond) / 1000) - (this.#events - before)
        case 'bursts': {
          const bursts = Math.floor((performance.now() - start) / pace.everyMs)
          return (bursts * pace.everyMs * pace.perSecond) / 1000 - (this.#events - before)
        }
        case 'loop':
          return pace.inFlight - (this.#events - before) + (tally.entries - entriesBefore) / pace.deliveries
        case 'flood':
          return pace.inFlight - this.#publisher.inFlight
      }
    }
    this.#halted = false
    while (performance.now() - start < ms && !this.#halted && this.#failed === undefined) {
      for (let count = Math.floor(due()); count > 0; count -= messagesAtOnce) {
        this.#publish(plan, event, Math.min(count, messagesAtOnce))
      }
      await sleep(1)
    }
    const seconds = (performance.now() - start) / 1000
    while (this.#stored < this.#events && this.#failed === undefined) await sleep(5)
    if (this.#failed !== undefined) throw this.#failed
    return { events: this.#events - before, seconds, numbers: this.#numbers }
  }

  /** Ends a run before its time. */
  halt(): void {
    this.#halted = true
  }

  async close(): Promise<void> {
    await this.#publisher.drain()
    await this.#nc.close()
  }

  #publish({ subjects, shards = 1 }: PublishPlan, event: BenchEvent, count: number): void {
    const messages: Outgoing[] = []
    const micros = nowMicros()
    for (let index = 0; index < count; index++) {
      const subject = this.#events++ % subjects
      const number = (this.#numbers[subject] ?? 0) + 1
      this.#numbers[subject] = number
      const payload = event.encode(number, micros)
      messages.push({ subject: subjectOf(subject, shards), id: `${this.#run}-${this.#events}`, payload })
    }
    void this.#publisher.publishAll(messages).then((outcomes) => {
      this.#stored += outcomes.length
      this.#failed ??= outcomes.find((outcome) => outcome instanceof Error)
    })
  }
}

const messagesAtOnce = 256

const subjects: string[] = []

/** The NATS subject of an event in the stream that has it. */
function subjectOf(index: number, shards: number): string {
  subjects[index] ??= natsSubject(benchSubject(index), shards)
  return subjects[index]
}

function natsSubject(subject: string, shards: number): string {
  if (shards === 1) return eventSubject('main', subject)
  const names = Array.from({ length: shards }, (_, at) => shardName('main', at))
  return eventSubject(shardOf(names, subject), subject)
}
