import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { getHeapStatistics } from 'node:v8'
import {
  type Denial,
  type Identity,
  type Logger,
  type Metrics,
  type NatsConnection,
  Publisher,
  PublishQuota,
  type Traces,
  type Verifier,
} from '@weir/mesh'
import { type ErrorCode, WeirError } from '@weir/proto'
import { MemoryBudget } from '../engine/log/memory-budget.ts'
import { limits } from '../limits.ts'
import { Admission } from '../session/admission.ts'
import type { Dialect } from '../session/dialect.ts'
import type { Link } from '../session/link.ts'
import { Session } from '../session/session.ts'
import type { SessionHub, SessionSettings } from '../session/session-hub.ts'
import { Sources, type SourcesOptions } from '../sources/sources.ts'
import { HubMetrics } from './hub-metrics.ts'

/** All sessions and sources of one process, and what happens to them with time. */
export class Hub implements SessionHub {
  readonly hubName: string
  readonly settings: HubOptions['settings']
  readonly verifier: Verifier
  readonly log: Logger
  readonly sources: Sources
  readonly publisher: Publisher
  readonly publishQuota: PublishQuota
  readonly budget: MemoryBudget
  readonly admission: Admission
  readonly #metrics: HubMetrics
  readonly #sessions: Set<Session> = new Set()
  #timers: NodeJS.Timeout[] = []
  #count = 0
  /** Of the keys by which the identities of sessions were last checked. */
  #keysVersion = 0

  constructor(options: HubOptions) {
    const { settings, nc, log, verifier, metrics, traces } = options
    this.hubName = options.name
    this.settings = settings
    this.verifier = verifier
    this.log = log
    this.publisher = new Publisher(nc, { metrics })
    this.publishQuota = new PublishQuota({
      eventsPerSecond: settings.publishEventsPerSecond,
      bytesPerSecond: settings.publishBytesPerSecond,
      subjectsMax: settings.publishSubjectsMax,
    })
    this.budget = new MemoryBudget({ ringBytesMax: settings.ringsBytes, keptBytesMax: settings.latestBytes })
    this.#metrics = new HubMetrics(metrics, this)
    const { ringBytes, latestSubjects } = settings
    const onPass: SourcesOptions['onPass'] = (seconds, traceId) => this.#metrics.passed(seconds, traceId)
    this.sources = new Sources({ nc, log, budget: this.budget, ringBytes, latestSubjects, onPass, traces })
    this.admission = new Admission(settings, () => ({ socketBytes: this.socketBytes, heapShare: heapShare() }))
  }

  get sessions(): ReadonlySet<Session> {
    return this.#sessions
  }

  /** Bytes in the buffers of all sockets. */
  get socketBytes(): number {
    let bytes = 0
    for (const { link } of this.#sessions) bytes += link.bufferedBytes
    return bytes
  }

  now(): number {
    return performance.now()
  }

  nextSession(): number {
    return ++this.#count
  }

  /** Whose token it is. Throws what `Verifier.verify` does. */
  identify(token: string): Promise<Identity> {
    return this.verifier.verify(token)
  }

  /** A connection or request was not let in. */
  onRefuse(code: ErrorCode): void {
    this.#metrics.refused(code)
  }

  onClose(code: number): void {
    this.#metrics.closed(code)
  }

  start(): void {
    this.#timers = [
      // Only once the sockets were read: a process that was held up must not blame its clients for
      // it.
      setInterval(() => setImmediate(() => this.#sweep()), limits.sweepMs),
      setInterval(() => this.#beat(), this.settings.heartbeatMs),
    ]
  }

  /** A connection that was admitted. */
  open(link: Link, dialect: Dialect, outerToken: string | undefined): Session {
    const session = new Session(link, dialect, this, outerToken)
    this.#sessions.add(session)
    return session
  }

  /** The connection is gone; a second time nothing happens. */
  closed(session: Session): void {
    if (!this.#sessions.delete(session)) return
    this.admission.leave(session.link.ip)
    if (session.identity !== undefined) this.admission.leaveTenant(session.identity.tenant)
    session.closed()
  }

  /**
   * Closes the connections whose token has this subject, wherever they are in their life, and lets
   * nobody come back with such a token; says how many, and when the last of the tokens expires.
   */
  disconnect(tenant: string, subject: string): { readonly closed: number; readonly expiresAt: number } {
    let expiresAt = 0
    for (const { identity } of this.#sessions) {
      if (identity?.subject === subject && identity.tenant === tenant) {
        expiresAt = Math.max(expiresAt, identity.expiresAt)
      }
    }
    return { closed: expiresAt === 0 ? 0 : this.deny([{ tenant, subject, expiresAt }]), expiresAt }
  }

  /**
   * Lets nobody in with the tokens of these denials, and closes the connections that have one; says
   * how many.
   */
  deny(denials: readonly Denial[]): number {
    for (const denial of denials) this.verifier.denials.add(denial)
    let closed = 0
    for (const session of this.#sessions) {
      if (session.identity === undefined || !this.verifier.denials.has(session.identity)) continue
      session.fail(new WeirError('revoked', 'An administrator has closed this connection.'))
      closed++
    }
    return closed
  }

  /**
   * Sends everyone elsewhere, spread over the time so that the other hubs see no storm. Cursors
   * stand, so nobody loses anything. Resolves when all have gone, at the latest soon after
   * `drainMs`.
   */
  async drain(drainMs: number): Promise<void> {
    this.admission.drain()
    const spreadMs = Math.max(0, drainMs - limits.leaveGraceMs)
    const sessions = [...this.#sessions]
    for (const [index, session] of sessions.entries()) {
      session.leave('draining', Math.floor((spreadMs * index) / sessions.length))
    }
    const deadline = this.now() + spreadMs + limits.leaveGraceMs + limits.drainLookMs
    while (this.#sessions.size > 0 && this.now() < deadline) await sleep(limits.drainLookMs)
    for (const timer of this.#timers) clearInterval(timer)
    await this.publisher.drain()
    this.sources.close()
  }

  #sweep(): void {
    const now = this.now()
    for (const session of this.#sessions) session.sweep(now)
    this.#endWithdrawn()
    this.admission.measure()
  }

  /** Closes the connections whose key was withdrawn, once the keys have changed. */
  #endWithdrawn(): void {
    const version = this.verifier.keys?.version ?? 0
    if (version === this.#keysVersion) return
    this.#keysVersion = version
    for (const session of this.#sessions) {
      try {
        if (session.identity !== undefined) this.verifier.check(session.identity)
      } catch (thrown) {
        session.fail(thrown)
      }
    }
  }

  #beat(): void {
    this.sources.beat()
    for (const session of this.#sessions) session.beat()
  }
}

/** How much is in use of the heap that V8 may have. */
function heapShare(): number {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
  return used / limit
}

/** A name for a hub that was given none. */
export function randomHubName(): string {
  return `hub-${randomUUID().slice(0, 8)}`
}

export interface HubOptions {
  readonly name: string
  readonly settings: SessionSettings & {
    readonly connectionsMax: number
    readonly connectionsAnIpMax: number
    readonly connectionsATenantMax: number | undefined
    readonly socketBytesMax: number
    readonly publishEventsPerSecond: number
    readonly publishBytesPerSecond: number
    readonly publishSubjectsMax: number
    readonly origins: readonly string[] | undefined
    readonly ringBytes: number
    readonly ringsBytes: number
    readonly latestBytes: number
    readonly latestSubjects: number
  }
  readonly nc: NatsConnection
  readonly log: Logger
  readonly verifier: Verifier
  readonly metrics: Metrics
  /** Spans of events, where they are wanted. */
  readonly traces?: Pick<Traces, 'begin'> | undefined
}
