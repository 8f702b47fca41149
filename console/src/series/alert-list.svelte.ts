import type { Entry, Weir } from '@weir/client'
import { Alert_Severity, Alert_Status, type Silence } from '@weir/proto'
import { eventTimeMs } from '../data/event-words.ts'
import { limits } from '../limits.ts'
import { serverNowMs } from '../link/server-time.ts'
import type { Desk } from '../place/desk.ts'
import { Feed } from './feed.ts'
import { Inhibitors } from './inhibitors.svelte.ts'
import { SilenceList } from './silence-list.svelte.ts'

export type AlertStatusName = 'FIRING' | 'ACKED' | 'RESOLVED'
export type AlertSeverityName = 'URGENT' | 'HIGH' | 'NORMAL'

/** An alert as its last event tells it. */
export interface AlertRow {
  /** `<rule>.<key>`. */
  readonly id: string
  readonly subject: string
  readonly rule: string
  readonly key: string
  readonly severity: AlertSeverityName
  readonly status: AlertStatusName
  readonly message: string
  /** Who changed it; empty for its rule. */
  readonly by: string
  /** Those that its rule gives it. */
  readonly labels: Readonly<Record<string, string>>
  readonly sinceMs: number
  /** When it became what it is. */
  readonly changedMs: number
}

/** Why an alert makes no sound, is not counted and stands below the others. */
export type Quiet =
  | { readonly kind: 'silenced'; readonly silence: Silence }
  /** By another open alert, `<rule>.<key>`. */
  | { readonly kind: 'inhibited'; readonly by: string }

/** All alerts that the bucket holds, as they change: the loudest and the newest first. */
export class AlertList {
  rows: readonly AlertRow[] = $state.raw([])
  fault: string = $state('')
  readonly silences: SilenceList
  readonly #link: Desk['link']
  readonly #byId = new Map<string, AlertRow>()
  readonly #listeners = new Set<(row: AlertRow, isNew: boolean) => void>()
  readonly #inhibitors: Inhibitors
  /** Whether the next frame orders. */
  #isDue = false
  #later: ReturnType<typeof setTimeout> | undefined
  #orderedAtMs = Number.NEGATIVE_INFINITY

  constructor(desk: Desk, weir: Weir) {
    this.#link = desk.link
    this.silences = new SilenceList(desk, weir)
    this.#inhibitors = new Inhibitors(desk.link)
    new Feed(
      desk,
      weir,
      { source: 'alerts', filter: 'alerts.>' },
      {
        entry: (entry, isChange) => {
          const row = rowOf(entry)
          if (row === undefined) return
          const before = this.#byId.get(row.id)
          this.#byId.set(row.id, row)
          const isNew = before?.status !== row.status
          // What says another number opens nothing and closes nothing.
          if (isOpen(before) !== isOpen(row)) this.#inhibitors.askSoon()
          if (isChange) for (const told of this.#listeners) told(row, isNew)
          this.#soon(isNew)
        },
        removed: ({ subject }) => {
          if (isOpen(this.#byId.get(idOf(subject)))) this.#inhibitors.askSoon()
          this.#byId.delete(idOf(subject))
          this.#soon(true)
        },
        reset: () => {
          this.#byId.clear()
          this.#soon(true)
        },
        ended: ({ message }) => {
          this.fault = message
        },
      },
    )
  }

  /**
   * Calls for each change, not for what a snapshot brings; `isNew` when its status is another than
   * before. What is returned ends it.
   */
  onChange(told: (row: AlertRow, isNew: boolean) => void): () => void {
    this.#listeners.add(told)
    return () => void this.#listeners.delete(told)
  }

  /** Undefined for an alert that is loud, and for one that is over. */
  quiet(row: AlertRow): Quiet | undefined {
    if (row.status === 'RESOLVED') return undefined
    const silence = this.silences.silencing(row, this.#link.nowMs)
    if (silence !== undefined) return { kind: 'silenced', silence }
    const by = this.#inhibitors.of(row.id)
    return by === undefined ? undefined : { kind: 'inhibited', by }
  }

  /** What fires and is not quiet: what a person has to see. */
  get loud(): readonly AlertRow[] {
    return this.rows.filter((row) => row.status === 'FIRING' && this.quiet(row) === undefined)
  }

  /**
   * Those that still fire and are not quiet, as the projector says it now: for who is about to make
   * a sound. What it does not answer for is loud.
   */
  async loudNow(ids: readonly string[]): Promise<readonly AlertRow[]> {
    await this.#inhibitors.ask()
    const rows = ids.flatMap((id) => this.#byId.get(id) ?? [])
    return rows.filter((row) => row.status === 'FIRING' && this.quiet(row) === undefined)
  }

  /**
   * What opens or closes is shown at once; nobody reads other messages, or many alerts, so fast.
   */
  #soon(isNew: boolean): void {
    if (this.#isDue) return
    const isAtOnce = isNew && this.#byId.size < limits.manyValues
    const waitMs = isAtOnce ? 0 : this.#orderedAtMs + limits.calmMs - performance.now()
    if (waitMs <= 0) this.#orderNow()
    else this.#later ??= setTimeout(() => this.#orderNow(), waitMs)
  }

  #orderNow(): void {
    clearTimeout(this.#later)
    this.#later = undefined
    this.#isDue = true
    requestAnimationFrame(() => this.#order())
  }

  #order(): void {
    this.#isDue = false
    this.#orderedAtMs = performance.now()
    this.rows = [...this.#byId.values()].sort(
      (a, b) => rank(a) - rank(b) || orderMs(b) - orderMs(a) || (a.id < b.id ? -1 : 1),
    )
  }
}

const lists = new WeakMap<Weir, AlertList>()

/** The alerts of a connection: one subscription for all that show them, as long as it is open. */
export function alertsOf(desk: Desk, weir: Weir): AlertList {
  const list = lists.get(weir) ?? new AlertList(desk, weir)
  lists.set(weir, list)
  return list
}

/** Undefined for what is no alert. */
function rowOf({ subject, event }: Entry): AlertRow | undefined {
  const { data, labels } = event
  if (data.case !== 'alert') return undefined
  const { rule, key, severity, status, message, by, since } = data.value
  const changedMs = eventTimeMs(event) ?? serverNowMs()
  return {
    id: idOf(subject),
    subject,
    rule,
    key,
    severity: severity === Alert_Severity.URGENT ? 'URGENT' : severity === Alert_Severity.HIGH ? 'HIGH' : 'NORMAL',
    status: status === Alert_Status.FIRING ? 'FIRING' : status === Alert_Status.ACKED ? 'ACKED' : 'RESOLVED',
    message,
    by,
    labels,
    sinceMs: since === undefined ? changedMs : Number(since.seconds) * 1000,
    changedMs,
  }
}

function isOpen(row: AlertRow | undefined): boolean {
  return row !== undefined && row.status !== 'RESOLVED'
}

function idOf(subject: string): string {
  return subject.slice(subject.indexOf('.') + 1)
}

/** An open one keeps its place while its message changes. */
function orderMs({ status, sinceMs, changedMs }: AlertRow): number {
  return status === 'RESOLVED' ? changedMs : sinceMs
}

/** Firing before acknowledged before resolved; among the open ones by severity. */
function rank({ status, severity }: AlertRow): number {
  if (status === 'RESOLVED') return 9
  return (status === 'FIRING' ? 0 : 4) + (severity === 'URGENT' ? 0 : severity === 'HIGH' ? 1 : 2)
}
