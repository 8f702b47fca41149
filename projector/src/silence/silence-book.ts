import { fromBinary } from '@bufbuild/protobuf'
import type { Logger, NatsConnection } from '@weir/mesh'
import {
  EventSchema,
  type MatchedAlert,
  type Silence,
  silenceOf,
  silenceState,
  silenceSubject,
  silencesBucket,
  silencing,
} from '@weir/proto'
import { BucketFollower, type FollowedEntry } from '../bucket/bucket-follower.ts'
import { limits } from '../limits.ts'

export interface SilenceBookOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly log: Logger
}

/**
 * The silences of a tenant, as the bucket `silences` has them: those in force, those to come, and
 * those that have ended within `limits.silenceMemoryMs`.
 */
export class SilenceBook {
  readonly #log: Logger
  readonly #follower: BucketFollower<Map<string, Silence>>
  #loggedAtMs = 0

  constructor(options: SilenceBookOptions) {
    this.#log = options.log
    this.#follower = new BucketFollower({
      ...options,
      bucket: silencesBucket,
      empty: () => new Map<string, Silence>(),
      enter: (silences, entry) => this.#enter(silences, entry),
    })
  }

  /** Another number after each change; 0 while nothing is known. */
  get version(): number {
    return this.#follower.version
  }

  start(): void {
    this.#follower.start()
  }

  /** Those that are active at a time, and those that will be. */
  current(nowMs: number = Date.now()): readonly Silence[] {
    return [...this.#follower.content.values()].filter((silence) => silenceState(silence, nowMs) !== 'expired')
  }

  /** Whether one was in force at a time or later. */
  any(sinceMs: number): boolean {
    for (const { untilMs } of this.#follower.content.values()) if (untilMs > sinceMs) return true
    return false
  }

  /** Undefined when there is none of the name, or it has ended. */
  get(name: string, nowMs: number = Date.now()): Silence | undefined {
    const silence = this.#follower.content.get(silenceSubject(name))
    return silence === undefined || silenceState(silence, nowMs) === 'expired' ? undefined : silence
  }

  /** The silence that quiets an alert at a time. */
  silencing(alert: MatchedAlert, nowMs: number = Date.now()): Silence | undefined {
    return silencing(this.#follower.content.values(), alert, nowMs)
  }

  async close(): Promise<void> {
    await this.#follower.close()
  }

  /** A value that is no silence quiets nothing, and takes the place of one that did. */
  #enter(silences: Map<string, Silence>, { key, payload, removed, storedAtMs }: FollowedEntry): void {
    const silence = removed ? undefined : silenceIn(key, payload, storedAtMs)
    silences.delete(key)
    if (silence === undefined || isForgotten(silence)) return
    if (silences.size >= limits.silencesMax) {
      for (const [known, other] of silences) if (isForgotten(other)) silences.delete(known)
    }
    if (silences.size >= limits.silencesMax) this.#overflow(key)
    else silences.set(key, silence)
  }

  #overflow(key: string): void {
    const now = Date.now()
    if (now - this.#loggedAtMs < limits.repeatedLogMs) return
    this.#loggedAtMs = now
    this.#log.error({ key }, `a tenant has more than ${limits.silencesMax} silences; further ones quiet nothing`)
  }
}

function isForgotten({ untilMs }: Silence): boolean {
  return untilMs + limits.silenceMemoryMs < Date.now()
}

function silenceIn(key: string, payload: Uint8Array, storedAtMs: number): Silence | undefined {
  try {
    return silenceOf(key, fromBinary(EventSchema, payload), storedAtMs)
  } catch {
    return undefined
  }
}
