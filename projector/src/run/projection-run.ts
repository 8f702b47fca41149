import { setTimeout as sleep } from 'node:timers/promises'
import type { Health, Logger, NatsConnection, StreamState, Traces } from '@weir/mesh'
import { asWeirError, backoffMs, WeirError } from '@weir/proto'
import type { EventRecord } from '../event/event-record.ts'
import type { Partition } from '../event/partition.ts'
import { limits } from '../limits.ts'
import { openSourceLog } from '../log/open-source-log.ts'
import type { Position, PositionStore } from '../log/position.ts'
import type { LogReader, ShardPlace, SourceLog } from '../log/source-log.ts'
import type { DeadLetters } from './dead-letters.ts'
import { Intake, type IntakeStats } from './intake.ts'
import { Progress } from './progress.ts'
import type { Projection } from './projection.ts'
import { Rebuild, type RebuildProgress } from './rebuild.ts'
import { repeat } from './repeat.ts'
import { TracedEvents } from './traced-events.ts'

export interface ProjectionRunOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly name: string
  /** What it reads: `events`, or a bucket. */
  readonly source: string
  /** Filters of subjects, as users name them. */
  readonly from: readonly string[]
  readonly projection: Projection
  readonly positions: PositionStore
  readonly partition: Partition
  /** Names what the projection makes of the events. */
  readonly declaration: string
  readonly deadLetters: DeadLetters
  readonly health: Health
  readonly log: Logger
  /** Spans of events, where they are wanted. */
  readonly traces?: Pick<Traces, 'begin'> | undefined
}

export interface RunStats extends IntakeStats {
  restarts: number
}

/**
 * Runs one projection for one tenant: reads the events from where its stored position says, hands
 * them on in order, and stores how far it has come once their effects are stored. Whatever fails is
 * logged, shown in health and begun again from the stored position: nothing is taken for done that
 * is not.
 */
export class ProjectionRun {
  readonly name: string
  readonly stats: RunStats = { taken: 0, deadLetters: 0, restarts: 0, pending: 0 }
  readonly #options: ProjectionRunOptions
  readonly #healthPart: string
  #stopped = false
  #finished: Promise<void> = Promise.resolve()
  #reader: LogReader | undefined
  #log: SourceLog | undefined
  #ending = false
  #checkpointAtMs = 0
  readonly #progress: Progress
  readonly #rebuild: Rebuild
  readonly #intake: Intake
  readonly #traced: TracedEvents | undefined
  /**
   * Why the stream or its target cannot be asked, as when NATS has turned JetStream off for a full
   * disk.
   */
  #away: string | undefined

  constructor(options: ProjectionRunOptions) {
    this.#options = options
    this.name = `${options.tenant}/${options.name}`
    this.#healthPart = `projection ${this.name}`
    this.#progress = new Progress(options)
    this.#rebuild = new Rebuild(options.projection)
    this.#traced = options.traces && new TracedEvents(options.traces, this.name)
    this.#intake = new Intake({ ...options, progress: this.#progress, traced: this.#traced, stats: this.stats })
  }

  get options(): ProjectionRunOptions {
    return this.#options
  }

  /** Up to where its effects are stored. */
  get position(): Position {
    return this.#progress.stored
  }

  /** The event that was taken last. */
  get taken(): Position {
    return this.#progress.taken
  }

  get rebuilding(): RebuildProgress | undefined {
    return this.#rebuild.progress
  }

  /**
   * Waits for nothing: a projection whose target is away must not keep the others from starting.
   */
  start(): void {
    this.#options.health.set(this.#healthPart, false, 'starting')
    this.#finished = this.#run()
  }

  async drain(): Promise<void> {
    this.#stopped = true
    this.#reader?.close()
    await this.#finished
    this.#options.health.remove(this.#healthPart)
  }

  /** Begins to fill the target anew. Throws `invalid` for a projection that has no such thing. */
  rebuild(): void {
    if (!this.#rebuild.isPossible) {
      throw new WeirError('invalid', `The projection "${this.#options.name}" has nothing to rebuild.`)
    }
    this.#rebuild.want()
    this.#endSession()
  }

  /**
   * Takes one event out of its turn; resolves when its effects are stored. Throws what the
   * projection throws.
   */
  async takeAgain(record: EventRecord): Promise<void> {
    const { projection } = this.#options
    await projection.take(record, false)
    await Promise.race([
      projection.effects.flushed(),
      sleep(limits.flushMs, undefined, { ref: false }).then(() => {
        throw new WeirError('unavailable', 'The effects of the event are not stored yet; look again later.')
      }),
    ])
  }

  async #run(): Promise<void> {
    const { log, health, projection } = this.#options
    for (let failures = 0; !this.#stopped; ) {
      const { taken } = this.stats
      try {
        await this.#session()
      } catch (thrown) {
        failures = this.stats.taken > taken ? 0 : failures + 1
        this.stats.restarts++
        const error = asWeirError(thrown)
        health.set(this.#healthPart, false, error.message)
        log.warn({ err: error, projection: this.name }, 'a projection stopped; it will begin again where it was')
        await this.#wait(backoffMs(failures, limits.restartMs, limits.restartMaxMs))
      }
    }
    projection.effects.close()
  }

  /** From opening to a stop, a rebuild or a failure. */
  async #session(): Promise<void> {
    const { nc, tenant, source, from, projection } = this.#options
    // What a rebuild of the last session still puts and removes would mix with what this one does.
    while (this.#rebuild.isFinishing && !this.#stopped) await sleep(limits.closePollMs)
    this.#ending = false
    const stream = await openSourceLog(nc, tenant, source)
    this.#log = stream
    const state = await stream.state()
    await this.#open(state, await projection.effects.targetEpoch())
    if (stream.beginnings !== undefined) this.#progress.reads(stream.beginnings)
    const start = await stream.start(this.position, state, projection)
    if (projection.fromNow === true && this.position.storedAtMs === 0)
      await this.#progress.beginAfter(start, Date.now())
    const reader = stream.reader(from, start, this.position)
    this.#reader = reader
    // A rebuild that was asked for while all this was opened begins in a session of its own.
    if (this.#stopped || this.#ending) return

    const stopTimers = this.#startTimers(reader, state)
    try {
      const { length: prefix } = stream.subjects
      await reader.run((message) => {
        if (message.shard?.isLate) this.#cameLate(message.shard)
        return this.#intake.take(message, state.epoch, prefix)
      })
      if (!this.#stopped && !this.#ending) {
        throw new WeirError('unavailable', 'The stream or its target is gone, or another one than before.')
      }
      if (!this.#rebuild.isPending) await this.#store(limits.flushMs)
    } finally {
      stopTimers()
      reader.close()
      this.#traced?.interrupted()
    }
  }

  async #store(deadlineMs?: number): Promise<void> {
    await this.#progress.store(deadlineMs)
    this.#traced?.stored(this.position.seq)
  }

  /** Makes the projection ready, for what follows its position or for a rebuild. */
  async #open(state: StreamState, targetEpoch: number): Promise<void> {
    const { projection } = this.#options
    if (this.#rebuild.isPending) {
      await this.#progress.restart(state, targetEpoch)
      await this.#rebuild.begin(state)
    } else {
      await projection.open()
      if (!(await this.#progress.resume(state, targetEpoch))) await this.#openAnew(state, targetEpoch)
    }
  }

  /** What is stored was made by another declaration. */
  async #openAnew(state: StreamState, targetEpoch: number): Promise<void> {
    const { projection, log } = this.#options
    log.info({ projection: this.name }, 'a projection is declared in another way than before; it is made anew')
    if (this.#rebuild.isPossible) {
      this.#rebuild.want()
      await this.#open(state, targetEpoch)
      return
    }
    await this.#progress.restart(state, targetEpoch)
    await projection.openAnew?.()
  }

  /**
   * An event has come after later ones were taken. Where the order decides what is stored, what was
   * stored meanwhile may lack it.
   */
  #cameLate({ index }: ShardPlace): void {
    const { projection, log } = this.#options
    if (!this.#rebuild.isPossible || projection.takesAnyOrder === true || this.#rebuild.isPending) return
    log.warn({ projection: this.name, shard: index }, 'an event came too late for its turn; the projection is rebuilt')
    this.#rebuild.want()
    this.#endSession()
  }

  #startTimers(reader: LogReader, state: StreamState): () => void {
    const { projection } = this.#options
    this.#away = undefined
    this.#sayHealth()
    const timers = [
      repeat(projection.checkpointMs ?? limits.checkpointMs, () => this.#checkpoint()),
      repeat(limits.watchMs, () => this.#watch(reader)),
      repeat(limits.tickMs, async () => {
        this.#sayHealth()
        projection.setBehind?.(this.#isBehind)
        if (!reader.atHead) return
        this.stats.pending = 0
        projection.idle(Date.now())
        if (this.#rebuild.hasBegun && !this.#ending) await this.#finishRebuild(state)
      }),
    ]
    return () => {
      for (const stop of timers) stop()
    }
  }

  get #isBehind(): boolean {
    return this.stats.pending > limits.behindEvents
  }

  /** A projection that writes less often while it is behind has its position stored less often. */
  async #checkpoint(): Promise<void> {
    const { projection } = this.#options
    const isEarly = performance.now() - this.#checkpointAtMs < limits.behindCheckpointMs
    if (projection.setBehind !== undefined && this.#isBehind && isEarly) return
    this.#checkpointAtMs = performance.now()
    await this.#store()
  }

  #sayHealth(): void {
    const blocked = this.#options.projection.effects.blocked() ?? this.#away
    if (blocked === undefined) this.#options.health.set(this.#healthPart, true, this.#options.projection.concern?.())
    else this.#options.health.set(this.#healthPart, false, `waiting: ${blocked}`)
  }

  async #finishRebuild(state: StreamState): Promise<void> {
    const { log } = this.#options
    try {
      const result = await this.#rebuild.finish(state)
      log.info({ projection: this.name, ...result }, 'a projection was rebuilt')
    } catch (thrown) {
      log.warn({ err: thrown, projection: this.name }, 'a rebuild could not be finished; it begins again')
      this.#endSession()
    }
  }

  /** Ends the session when the events or the target are gone or another incarnation. */
  async #watch(reader: LogReader): Promise<void> {
    const { projection, log } = this.#options
    try {
      const [state, targetEpoch] = await Promise.all([this.#log?.state(), projection.effects.targetEpoch()])
      if (state === undefined) return
      const { epoch } = state
      this.#away = undefined
      if (epoch !== this.taken.epoch || targetEpoch !== this.taken.targetEpoch) reader.close()
    } catch (thrown) {
      const { code, message } = asWeirError(thrown)
      if (code === 'not_found') reader.close()
      else if (this.#away === undefined) {
        log.warn({ err: thrown, projection: this.name }, 'the stream or its target does not answer; will ask again')
      }
      this.#away = message
    }
  }

  #endSession(): void {
    this.#ending = true
    this.#reader?.close()
  }

  async #wait(ms: number): Promise<void> {
    for (const end = Date.now() + ms; !this.#stopped && Date.now() < end; ) await sleep(Math.min(50, ms))
  }
}
