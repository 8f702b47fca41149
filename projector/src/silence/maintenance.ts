import { createHash } from 'node:crypto'
import type { Logger, NatsConnection } from '@weir/mesh'
import { type Silence, silenceOf, silenceState, silenceSubject, silencesBucket } from '@weir/proto'
import { BucketReader } from '../bucket/bucket-reader.ts'
import type { MaintenanceSpec } from '../declaration/file/maintenance-spec.ts'
import { limits } from '../limits.ts'
import { repeat } from '../run/repeat.ts'
import { type Occurrence, occurrenceAt } from './occurrence.ts'
import type { SilenceBook } from './silence-book.ts'
import { SilenceLog } from './silence-log.ts'

export interface MaintenanceOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly specs: readonly MaintenanceSpec[]
  readonly silences: SilenceBook
  readonly log: Logger
}

/**
 * Makes a silence, `silences.maintenance.<name>`, of each maintenance time, an hour before it
 * begins: so whoever follows silences sees it as any other. One that a person has ended stays
 * ended; what the file has no more is ended.
 */
export class Maintenance {
  readonly #options: MaintenanceOptions
  readonly #log: SilenceLog
  readonly #buckets: BucketReader
  #stop: (() => void) | undefined

  constructor(options: MaintenanceOptions) {
    this.#options = options
    this.#log = new SilenceLog(options.nc, options.tenant)
    this.#buckets = new BucketReader(options.nc)
  }

  start(): void {
    const look = async (): Promise<void> => {
      await this.look().catch((thrown) => {
        this.#options.log.warn({ err: thrown }, 'the silences of maintenance times were not made; will try again')
      })
    }
    void look()
    this.#stop = repeat(limits.maintenanceMs, look)
  }

  close(): void {
    this.#stop?.()
    this.#log.close()
  }

  /** Stores what is missing. Throws `unavailable`. */
  async look(nowMs: number = Date.now()): Promise<void> {
    const { specs, silences } = this.#options
    for (const spec of specs) {
      const occurrence = occurrenceAt(spec, nowMs)
      if (occurrence.fromMs - nowMs <= limits.maintenanceAheadMs) await this.#declare(spec, occurrence, nowMs)
    }
    const names = specs.map(({ name }) => prefix + name)
    for (const { name, by } of silences.current(nowMs)) {
      if (by !== author || !name.startsWith(prefix) || names.includes(name)) continue
      await this.#log.put(name, { ended: true, by: author, comment: 'no more in the file' }, nowMs)
    }
  }

  async #declare(spec: MaintenanceSpec, { fromMs, untilMs }: Occurrence, nowMs: number): Promise<void> {
    const { match, comment } = spec
    const name = prefix + spec.name
    const stored = await this.#stored(name)
    if (stored !== undefined) {
      // A person ended it, or it is as it should be.
      const isEnded = silenceState(stored, nowMs) === 'expired' && stored.ended
      if (isEnded && stored.untilMs > fromMs - limits.maintenanceAheadMs && stored.by !== author) return
      const isSame = stored.fromMs === fromMs && stored.untilMs === untilMs
      if (isSame && JSON.stringify(stored.match) === JSON.stringify(match)) return
    }
    const from = new Date(fromMs).toISOString()
    const until = new Date(untilMs).toISOString()
    const data = { match, from, until, by: author, comment }
    const digest = createHash('sha256')
      .update(JSON.stringify([name, data]))
      .digest('hex')
      .slice(0, 32)
    await this.#log.put(name, data, nowMs, `maintenance-${digest}`)
  }

  async #stored(name: string): Promise<Silence | undefined> {
    const subject = silenceSubject(name)
    const value = await this.#buckets.get(this.#options.tenant, silencesBucket, subject)
    try {
      return value === undefined ? undefined : silenceOf(subject, value.event, 0)
    } catch {
      return undefined
    }
  }
}

const prefix = 'maintenance.'

/** Whom such a silence names. */
const author = 'maintenance'
