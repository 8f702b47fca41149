import { asWeirError } from '@weir/proto'
import type { AlertSpec } from '../../declaration/alert-spec.ts'
import type { EventRecord } from '../../event/event-record.ts'
import { limits } from '../../limits.ts'
import { AlertMachine } from './alert-machine.ts'
import { alertText } from './alert-text.ts'
import { NewestTimes } from './newest-times.ts'

/** A change that a rule would have told. */
export interface TriedChange {
  readonly status: 'FIRING' | 'RESOLVED'
  readonly key: string
  readonly atMs: number
  readonly message: string
}

export interface RuleTrialResult {
  /** How often it would have fired, and been resolved. */
  readonly fired: number
  readonly resolved: number
  /** Keys that fire at the end. */
  readonly firing: number
  /** The first of the changes. */
  readonly changes: readonly TriedChange[]
  /** Events whose condition fails, or that make no key, and why the first of them does. */
  readonly failures: number
  readonly failure?: string
}

/**
 * What a rule over events would have done: the machine of the rule itself, fed with events that are
 * stored; nothing is told. Silences, and what people would have done, are left out.
 */
export class RuleTrial {
  readonly #spec: AlertSpec
  readonly #fromMs: number
  readonly #machine: AlertMachine
  readonly #newest = new NewestTimes(limits.alertKeysMax)
  readonly #firing = new Set<string>()
  readonly #last = new Map<string, EventRecord>()
  readonly #changes: TriedChange[] = []
  #fired = 0
  #resolved = 0
  #failures = 0
  #failure: string | undefined

  /** @param fromMs changes of before are not counted: their events are read to know what was so */
  constructor(spec: AlertSpec, fromMs: number) {
    this.#spec = spec
    this.#fromMs = fromMs
    this.#machine = new AlertMachine(spec, limits.alertKeysMax)
  }

  take(record: EventRecord): void {
    try {
      const key = this.#spec.key.keyOf(record)
      const holds = this.#spec.when === undefined ? false : this.#spec.when.holds(record)
      const { storedAtMs, happenedAtMs, epoch, seq } = record
      const isByTime = this.#spec.order === 'time'
      if (holds === undefined || (isByTime && !this.#newest.isNews(key, happenedAtMs))) return
      if (isByTime) this.#newest.note(key, happenedAtMs)
      this.#advance(storedAtMs)
      const late = isByTime && storedAtMs - happenedAtMs > limits.lateEventMs
      this.#machine.observe(key, holds, { epoch, seq, atMs: storedAtMs }, late)
      if (this.#machine.get(key) === undefined) this.#last.delete(key)
      else this.#last.set(key, record.copy())
      this.#note(record, key)
    } catch (thrown) {
      this.#failures++
      this.#failure ??= `${record.subject}: ${asWeirError(thrown).message}`
    }
  }

  /** @param nowMs what time alone has changed until then counts too */
  finish(nowMs: number): RuleTrialResult {
    this.#advance(nowMs)
    const failure = this.#failure === undefined ? {} : { failure: this.#failure }
    const counts = { fired: this.#fired, resolved: this.#resolved, firing: this.#firing.size }
    return { ...counts, changes: this.#changes, failures: this.#failures, ...failure }
  }

  #advance(nowMs: number): void {
    this.#machine.advance(nowMs)
    this.#note()
  }

  #note(record?: EventRecord, of?: string): void {
    for (const [key, { cause }] of this.#machine.takeChanged()) {
      const fires = this.#machine.get(key)?.phase === 'firing'
      if (fires === this.#firing.has(key)) continue
      if (fires) this.#firing.add(key)
      else this.#firing.delete(key)
      if (cause.atMs < this.#fromMs) continue
      if (fires) this.#fired++
      else this.#resolved++
      if (this.#changes.length >= limits.trialChangesMax) continue
      const about = key === of ? record : this.#last.get(key)
      const message = about === undefined ? '' : alertText(this.#spec, about).message
      this.#changes.push({ status: fires ? 'FIRING' : 'RESOLVED', key, atMs: cause.atMs, message })
    }
  }
}
