import {
  type Health,
  type Logger,
  type NatsConnection,
  type Part,
  type StreamMessage,
  StreamReader,
  sequenceAt,
  sourceStream,
  sourceSubject,
  streamState,
} from '@weir/mesh'
import { asWeirError, WeirError } from '@weir/proto'
import { EventRecord } from '../event-record.ts'
import { limits } from '../limits.ts'
import type { Partition } from '../partition.ts'
import type { DeadLetters } from './dead-letters.ts'
import { noPosition, type Position, type PositionStore, resumeFrom } from './position.ts'
import type { Projection } from './projection.ts'

export interface ProjectionRunOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly name: string
  /** What it reads: `events`, or a bucket. */
  readonly source?: string
  /** Filters of subjects, as users name them. */
  readonly from: readonly string[]
  readonly projection: Projection
  readonly positions: PositionStore
  readonly partition: Partition
  readonly deadLetters: DeadLetters
  readonly health: Health
  readonly log: Logger
}

/** How a projection stands, for metrics and the API. */
export interface RunStats {
  /** Events that were handed to the projection. */
  taken: number
  deadLetters: number
  restarts: number
  /** Events that are stored and not yet taken. */
  pending: number
}

/**
 * Runs one projection for one tenant: reads the events from where its stored position says, hands them on in order, and
 * stores how far it has come once their effects are stored. Whatever fails is logged, shown in health and begun again from
 * the stored position: nothing is taken for done that is not.
 */
export class ProjectionRun implements Part {
  readonly name: string
  readonly stats: RunStats = { taken: 0, deadLetters: 0, restarts: 0, pending: 0 }
  readonly #options: ProjectionRunOptions
  readonly #healthPart: string
  #stopped = false
  #finished: Promise<void> = Promise.resolve()
  #reader: StreamReader | undefined
  #restart = false
  #position: Position = noPosition
  #taken: Position = noPosition

  constructor(options: ProjectionRunOptions) {
    this.#options = options
    this.name = `${options.tenant}/${options.name}`
    this.#healthPart = `projection ${this.name}`
  }

  /** Up to where its effects are stored. */
  get position(): Position {
    return this.#position
  }

  /** The event that was taken last. */
  get taken(): Position {
    return this.#taken
  }

  /** Resolves at once: a projection whose target is away must not keep the others from starting. */
  start(): Promise<void> {
    this.#options.health.set(this.#healthPart, false, 'starting')
    this.#finished = this.#run()
    return Promise.resolve()
  }

  async drain(): Promise<void> {
    this.#stopped = true
    this.#reader?.close()
    await this.#finished
  }

  /** Begins again from the stored position, or from the beginning when that was removed. */
  restart(): void {
    this.#restart = true
    this.#reader?.close()
  }

  async #run(): Promise<void> {
    const { log, health, projection } = this.#options
    for (let failures = 0; !this.#stopped; ) {
      const taken = this.stats.taken
      try {
        this.#restart = false
        await this.#session()
      } catch (thrown) {
        if (this.stats.taken > taken) failures = 0
        const error = asWeirError(thrown)
        this.stats.restarts++
        health.set(this.#healthPart, false, error.message)
        log.warn({ err: error, projection: this.name }, 'a projection stopped; it will begin again where it was')
        await this.#wait(Math.min(limits.restartMaxMs, limits.restartMs * 2 ** failures++))
      }
    }
    projection.close()
  }

  /** From opening to a stop, a restart or a failure. */
  async #session(): Promise<void> {
    const { nc, tenant, source = 'events', name, from, projection, positions, partition } = this.#options
    const stream = sourceStream(tenant, source)
    const subjects = `${sourceSubject(tenant, source)}.`
    const { epoch } = await streamState(nc, stream)
    const targetEpoch = await projection.targetEpoch()
    await projection.open()
    this.#position = resumeFrom(await positions.load(name), partition, epoch, targetEpoch)
    if (this.#position.epoch === 0) this.#position = { epoch, seq: 0, storedAtMs: 0, targetEpoch }
    this.#taken = this.#position
    const start = { seq: await this.#startSequence(stream) }
    const filters = from.map((filter) => subjects + filter)
    const reader = new StreamReader({ nc, stream, filters, start })
    this.#reader = reader
    if (this.#stopped) return

    const stopTimers = this.#startTimers(reader)
    try {
      await reader.run((message) => this.#take(message, epoch, subjects.length))
      if (!this.#stopped && !this.#restart)
        throw new WeirError('unavailable', 'The stream or its target is another one.')
      await this.#checkpoint(limits.flushMs)
    } finally {
      stopTimers()
      reader.close()
    }
  }

  /** After the position; earlier for what must be seen again; later where older events change nothing. */
  async #startSequence(stream: string): Promise<number> {
    const { nc, projection } = this.#options
    const { seq, storedAtMs } = this.#position
    const { warmUpMs, reachMs, fromNow } = projection
    const since = (timeMs: number): Promise<number | undefined> => sequenceAt(nc, stream, timeMs)
    const next = seq + 1
    const start = seq > 0 && warmUpMs > 0 ? Math.min(next, (await since(storedAtMs - warmUpMs)) ?? next) : next
    const reach = seq === 0 && fromNow ? warmUpMs : reachMs
    if (reach === undefined) return start
    const { lastSeq } = await streamState(nc, stream)
    return Math.max(start, (await since(Date.now() - reach)) ?? lastSeq + 1)
  }

  #take(message: StreamMessage, epoch: number, prefix: number): undefined | Promise<undefined> {
    const { projection } = this.#options
    const { subject, seq, storedAtMs, payload, removal } = message
    const record = new EventRecord(subject.slice(prefix), epoch, seq, storedAtMs, payload, removal !== 0)
    const repeated = seq <= this.#position.seq
    try {
      const slow = projection.take(record, repeated)
      if (slow !== undefined)
        return slow.then(
          () => this.#took(message),
          (thrown) => this.#failed(message, record, thrown),
        )
    } catch (thrown) {
      return this.#failed(message, record, thrown)
    }
    return this.#took(message)
  }

  #took({ seq, storedAtMs, pending }: StreamMessage): undefined {
    this.stats.taken++
    this.stats.pending = pending
    if (seq > this.#taken.seq) this.#taken = { ...this.#taken, seq, storedAtMs }
    return undefined
  }

  /** An event that cannot be projected is put aside; any other failure ends the session. */
  async #failed(message: StreamMessage, record: EventRecord, thrown: unknown): Promise<undefined> {
    if (!(thrown instanceof WeirError) || thrown.retryable || thrown.code === 'internal') throw thrown
    this.stats.deadLetters++
    await this.#options.deadLetters.put(this.#options.name, record, thrown)
    return this.#took(message)
  }

  #startTimers(reader: StreamReader): () => void {
    const { projection } = this.#options
    const timers = [
      repeat(limits.checkpointMs, () => this.#checkpoint()),
      repeat(limits.watchMs, () => this.#watch(reader)),
      repeat(limits.tickMs, async () => {
        this.#sayHealth()
        if (reader.atHead) projection.idle(Date.now())
      }),
    ]
    this.#sayHealth()
    return () => {
      for (const stop of timers) stop()
    }
  }

  #sayHealth(): void {
    const blocked = this.#options.projection.blocked()
    if (blocked === undefined) this.#options.health.set(this.#healthPart, true)
    else this.#options.health.set(this.#healthPart, false, `waiting: ${blocked}`)
  }

  /** Stores the position of what was taken when the call began. */
  async #checkpoint(deadlineMs?: number): Promise<void> {
    const { name, projection, positions, partition, log } = this.#options
    const taken = this.#taken
    if (taken.seq <= this.#position.seq) return
    const flushed = projection.flushed().then(() => true)
    const done = deadlineMs === undefined ? flushed : Promise.race([flushed, sleep(deadlineMs).then(() => false)])
    if (!(await done)) return
    try {
      await positions.save(name, partition, taken)
      this.#position = taken
    } catch (thrown) {
      log.warn({ err: thrown, projection: this.name }, 'a position was not stored; it will be tried again')
    }
  }

  /** Ends the session when the events or the target are another incarnation. */
  async #watch(reader: StreamReader): Promise<void> {
    const { nc, tenant, source = 'events', projection } = this.#options
    const stream = sourceStream(tenant, source)
    const [{ epoch }, targetEpoch] = await Promise.all([streamState(nc, stream), projection.targetEpoch()])
    if (epoch !== this.#taken.epoch || targetEpoch !== this.#taken.targetEpoch) reader.close()
  }

  async #wait(ms: number): Promise<void> {
    for (const end = Date.now() + ms; !this.#stopped && Date.now() < end; ) await sleep(Math.min(50, ms))
  }
}

/** Runs the work every so often, never twice at once; a failure is left to the next time. */
function repeat(everyMs: number, work: () => Promise<void>): () => void {
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    work()
      .catch(() => undefined)
      .finally(() => {
        busy = false
      })
  }, everyMs)
  return () => clearInterval(timer)
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
