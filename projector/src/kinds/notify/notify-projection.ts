import { setTimeout as sleep } from 'node:timers/promises'
import { toBinary } from '@bufbuild/protobuf'
import type { Logger, NatsConnection } from '@weir/mesh'
import { compileAlertMatch, EventSchema, type MatchedAlert, type Silence, WeirError } from '@weir/proto'
import { LRUCache } from 'lru-cache'
import { BucketReader, type StateValue } from '../../bucket/bucket-reader.ts'
import type { NotifySpec } from '../../declaration/notify-spec.ts'
import { alertsBucket } from '../../event/alerts-bucket.ts'
import { EventRecord } from '../../event/event-record.ts'
import { owns, type Partition } from '../../event/partition.ts'
import { limits } from '../../limits.ts'
import type { DeadLetters } from '../../run/dead-letters.ts'
import type { Effects, Projection } from '../../run/projection.ts'
import { repeat } from '../../run/repeat.ts'
import type { Quiet } from '../../silence/quiet.ts'
import type { AddressGuard } from './address-guard.ts'
import { messageOf, signatureOf } from './message.ts'
import { type Notice, noticeOf } from './notice.ts'
import { Outbox, type OutboxStats } from './outbox.ts'
import { post } from './post.ts'
import { readText } from './text-source.ts'

export interface NotifyProjectionOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly spec: NotifySpec
  readonly partition: Partition
  readonly quiet: Quiet
  readonly guard: AddressGuard
  readonly deadLetters: DeadLetters
  readonly log: Logger
}

export interface NotifyStats extends OutboxStats {
  /** Changes of alerts that are to be told. */
  readonly waiting: number
  /** Alerts that fire and are quiet. */
  readonly held: number
}

/**
 * Tells one target of alerts. It is a reader of the alerts' events like any other: its position
 * moves when what it read is told or put aside, so a restart forgets nothing, and a target that is
 * slow or gone holds back this reader alone, while what it has not heard of waits in the stream.
 */
export class NotifyProjection implements Projection, Effects {
  readonly warmUpMs = 0
  readonly reachMs = undefined
  /** A new target is told what happens from now on. */
  readonly fromNow = true
  readonly effects: Effects = this
  readonly rebuilding = undefined
  readonly #options: NotifyProjectionOptions
  readonly #matches: (alert: MatchedAlert) => boolean
  readonly #outbox: Outbox
  /** Alerts that fire and are quiet: they are told when they are quiet no more. */
  readonly #held = new Map<string, Notice>()
  /** What was told last of an alert, so that the same change is told once. */
  readonly #told = new LRUCache<string, string>({ max: limits.notifyToldMax })
  #lastSeq = 0
  #stop: (() => void) | undefined

  constructor(options: NotifyProjectionOptions) {
    const { spec, deadLetters, log } = options
    this.#options = options
    this.#matches = spec.match === undefined ? () => true : compileAlertMatch(spec.match)
    this.#outbox = new Outbox({
      target: spec.name,
      groupBy: spec.groupBy,
      groupWaitMs: spec.groupWaitMs,
      giveUpAfterMs: spec.giveUpAfterMs,
      isWanted: (notice) => this.#isWanted(notice),
      send: (group, notices) => this.#send(group, notices),
      putAside: ({ record }, error) => deadLetters.put(spec.name, record, error),
      log,
    })
  }

  get stats(): NotifyStats {
    return { ...this.#outbox.stats, waiting: this.#outbox.size, held: this.#held.size }
  }

  async open(): Promise<void> {
    this.#outbox.clear()
    this.#held.clear()
    this.#lastSeq = 0
    const { quiet } = this.#options
    for (const end = Date.now() + limits.quietKnownMs; !quiet.isKnown; ) {
      if (Date.now() > end) throw new WeirError('unavailable', 'It is not known yet which alerts are quiet.')
      await sleep(limits.closePollMs)
    }
    await this.#holdQuiet()
    this.#stop ??= repeat(limits.tickMs, async () => {
      this.#release()
      this.#outbox.tick()
    })
  }

  take(record: EventRecord, repeated: boolean): void | Promise<void> {
    const { spec, partition } = this.#options
    if (repeated || !owns(partition, record.subject)) return
    // A dead letter that is tried again has waited long enough.
    const again = record.seq <= this.#lastSeq
    this.#lastSeq = Math.max(this.#lastSeq, record.seq)
    const notice = noticeOf(record)
    if (notice === undefined || !this.#matches(notice)) return
    if (notice.status === 'RESOLVED') {
      const wasHeld = this.#held.delete(notice.subject)
      if (wasHeld || !spec.resolved) return
    }
    if (this.#told.get(notice.subject) === told(notice)) return
    this.#outbox.put({ ...notice, record: record.copy() }, again)
    return this.#outbox.relief()
  }

  idle(): void {
    // It has a clock of its own: what waits is due whether or not the reader is at the head.
  }

  flushed(): Promise<void> {
    return this.#outbox.flushed()
  }

  /** A target that is away keeps nothing else waiting, so it is a concern. */
  blocked(): string | undefined {
    return undefined
  }

  concern(): string | undefined {
    const { failure } = this.#outbox
    return failure === undefined ? undefined : `the target does not take notifications: ${failure}`
  }

  targetEpoch(): Promise<number> {
    return Promise.resolve(0)
  }

  close(): void {
    this.#stop?.()
    this.#outbox.close()
  }

  /**
   * What is quiet when it is due is held. That an alert is resolved is told to nobody who was not
   * told that it fires.
   */
  #isWanted(notice: Notice): boolean {
    const { quiet } = this.#options
    if (notice.status === 'RESOLVED') {
      return !wasSilent(quiet.silences.silencing(notice, notice.record.storedAtMs), notice)
    }
    if (!quiet.isQuiet(notice)) return true
    if (this.#held.size < limits.notifyHeldMax) this.#held.set(notice.subject, notice)
    return false
  }

  async #send(group: Readonly<Record<string, string>>, notices: readonly Notice[]): Promise<void> {
    const { spec, tenant, guard } = this.#options
    const { id, body } = messageOf(spec, tenant, group, notices)
    const address = await readText(spec.url)
    if (!URL.canParse(address))
      throw new WeirError('invalid', 'What `url` gives is no address: write it like https://hooks.example.com/weir.')
    const headers: [string, string][] = [
      ['content-type', 'application/json'],
      ['user-agent', 'weir'],
      ['idempotency-key', id],
    ]
    for (const [name, value] of spec.headers) headers.push([name, oneLine(await readText(value))])
    if (spec.key !== undefined) {
      headers.push(['weir-signature', signatureOf(body, await readText(spec.key), Date.now())])
    }
    const url = new URL(address)
    if (!/^https?:$/.test(url.protocol))
      throw new WeirError('invalid', 'The address of the target is not http or https.')
    const status = await post({ url, headers, body }, guard)
    if (status < 200 || status > 299) throw refusal(url.host, status)
    for (const notice of notices) this.#told.set(notice.subject, told(notice))
  }

  /** Tells what is quiet no more. */
  #release(): void {
    let left = limits.notifyReleaseMax
    for (const [subject, notice] of this.#held) {
      if (left-- === 0 || this.#outbox.size >= limits.notifyPendingMax) return
      this.#held.delete(subject)
      // It goes to the end, so that all are looked at in turn.
      if (this.#options.quiet.isQuiet(notice)) this.#held.set(subject, notice)
      else this.#outbox.put(notice)
    }
  }

  /**
   * The open alerts that are quiet now, and those that were a moment ago: an earlier process had
   * read of them, and has not told them.
   */
  async #holdQuiet(): Promise<void> {
    const { nc, tenant, quiet, partition } = this.#options
    const nowMs = Date.now()
    if (!quiet.mayBe(nowMs - limits.quietGapMs)) return
    const buckets = new BucketReader(nc)
    let after: string | undefined
    do {
      const request = { filters: this.#options.spec.from, limit: limits.pageItemsMax, after }
      const page = await buckets.list(tenant, alertsBucket, request)
      after = page.next
      for (const value of page.items) {
        const notice = noticeOf(recordOf(value))
        if (notice?.status !== 'FIRING' || !this.#matches(notice) || !owns(partition, notice.subject)) continue
        const isQuiet =
          quiet.isQuiet(notice) || quiet.silences.silencing(notice, nowMs - limits.quietGapMs) !== undefined
        if (isQuiet && this.#held.size < limits.notifyHeldMax) this.#held.set(notice.subject, notice)
      }
    } while (after !== undefined)
  }
}

/** Whether the silence has quieted the alert since it fires. */
function wasSilent(silence: Silence | undefined, { sinceMs }: Notice): boolean {
  return silence !== undefined && silence.fromMs <= sinceMs
}

function told({ status, since }: Notice): string {
  return `${status} ${since}`
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]/g, ' ')
}

/** What a person has to mend is not tried again; the rest may be over in a moment. */
function refusal(host: string, status: number): WeirError {
  if (status >= 300 && status < 400) {
    return new WeirError('invalid', `${host} answered ${status}: redirects are not followed, give the address itself.`)
  }
  const isTemporary = status >= 500 || status === 408 || status === 425 || status === 429
  return new WeirError(isTemporary ? 'unavailable' : 'invalid', `${host} answered ${status}.`)
}

/** Its place among the events is unknown: its label `renewed` is of the last change alone. */
function recordOf({ subject, event }: StateValue): EventRecord {
  const { renewed: _renewed, ...labels } = event.labels
  return new EventRecord(subject, 0, 0, 0, toBinary(EventSchema, { ...event, labels }))
}
