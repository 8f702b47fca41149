import { setTimeout as sleep } from 'node:timers/promises'
import { fromBinary } from '@bufbuild/protobuf'
import {
  bucketStream,
  keySubject,
  type Logger,
  type NatsConnection,
  type StreamMessage,
  StreamReader,
  streamState,
} from '@weir/mesh'
import {
  asWeirError,
  backoffMs,
  EventSchema,
  type MatchedAlert,
  Removal,
  type Silence,
  silenceOf,
  silenceState,
  silenceSubject,
  silencesBucket,
  silencing,
} from '@weir/proto'
import { limits } from '../limits.ts'
import { repeat } from '../run/repeat.ts'

export interface SilenceBookOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly log: Logger
}

/**
 * The silences of a tenant that are in force or still to come, as the bucket `silences` has them:
 * read at the start and followed from then on. While the bucket is missing there are none.
 */
export class SilenceBook {
  readonly #options: SilenceBookOptions
  #silences = new Map<string, Silence>()
  #reader: StreamReader | undefined
  #closed = false
  #isKnown = false
  #following: Promise<void> = Promise.resolve()
  #loggedAtMs = 0

  constructor(options: SilenceBookOptions) {
    this.#options = options
  }

  start(): void {
    this.#following = this.#follow()
  }

  /** Whether the bucket was read to its end once. */
  get isKnown(): boolean {
    return this.#isKnown
  }

  /** Those that are active at a time, and those that will be. */
  current(nowMs: number = Date.now()): readonly Silence[] {
    for (const [name, silence] of this.#silences) {
      if (silenceState(silence, nowMs) === 'expired') this.#silences.delete(name)
    }
    return [...this.#silences.values()]
  }

  get(name: string): Silence | undefined {
    return this.#silences.get(silenceSubject(name))
  }

  /** The silence that quiets an alert now. */
  silencing(alert: MatchedAlert, nowMs: number = Date.now()): Silence | undefined {
    return silencing(this.#silences.values(), alert, nowMs)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#reader?.close()
    await this.#following
  }

  async #follow(): Promise<void> {
    const { log, tenant } = this.#options
    for (let failures = 0; !this.#closed; failures++) {
      try {
        await this.#read()
        failures = 0
      } catch (thrown) {
        const { code, message } = asWeirError(thrown)
        if (code === 'not_found') this.#silences = new Map()
        if (failures === 0) log.warn({ tenant, reason: message }, 'the silences cannot be read; will try again')
      }
      if (this.#closed) return
      await sleep(backoffMs(failures, limits.restartMs, limits.restartMaxMs))
    }
  }

  /** Until the bucket is another one, or gone. */
  async #read(): Promise<void> {
    const { nc, tenant } = this.#options
    const stream = bucketStream(tenant, silencesBucket)
    const { epoch, lastSeq } = await streamState(nc, stream)
    const fresh = new Map<string, Silence>()
    await this.#run({ nc, stream, start: 'latest' }, fresh, true)
    this.#silences = fresh
    this.#isKnown = true
    const stop = repeat(limits.watchMs, async () => {
      const now = await streamState(nc, stream).catch((thrown) => {
        return asWeirError(thrown).code === 'not_found' ? { epoch: 0 } : { epoch }
      })
      if (now.epoch !== epoch) this.#reader?.close()
    })
    try {
      await this.#run({ nc, stream, start: { seq: lastSeq + 1 } }, fresh, false)
    } finally {
      stop()
    }
  }

  async #run(
    options: ConstructorParameters<typeof StreamReader>[0],
    silences: Map<string, Silence>,
    toHead: boolean,
  ): Promise<void> {
    const reader = new StreamReader(options)
    this.#reader = reader
    if (this.#closed) return
    const take = (message: StreamMessage): undefined => this.#enter(silences, message)
    await (toHead ? reader.runToHead(take) : reader.run(take))
  }

  /** A value that is no silence quiets nothing, and takes the place of one that did. */
  #enter(silences: Map<string, Silence>, { subject, payload, removal, storedAtMs }: StreamMessage): undefined {
    const { tenant } = this.#options
    const key = subject.slice(keySubject(tenant, silencesBucket, '').length)
    const silence = removal === Removal.UNSPECIFIED ? silenceIn(key, payload, storedAtMs) : undefined
    silences.delete(key)
    if (silence === undefined || silenceState(silence, Date.now()) === 'expired') return
    if (silences.size >= limits.silencesMax) this.#overflow(key)
    else silences.set(key, silence)
  }

  #overflow(key: string): void {
    const now = Date.now()
    if (now - this.#loggedAtMs < limits.repeatedLogMs) return
    this.#loggedAtMs = now
    this.#options.log.error(
      { key },
      `a tenant has more than ${limits.silencesMax} silences; further ones quiet nothing`,
    )
  }
}

function silenceIn(key: string, payload: Uint8Array, storedAtMs: number): Silence | undefined {
  try {
    return silenceOf(key, fromBinary(EventSchema, payload), storedAtMs)
  } catch {
    return undefined
  }
}
