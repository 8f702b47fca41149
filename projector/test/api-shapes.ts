import type { EventJson } from '@weir/proto'

/** Answers of the read API, as its description has them. */
export interface StateItem {
  readonly subject: string
  readonly seq: number
  readonly event: EventJson
  readonly ageMs: number
  readonly ttlMs: number
}

export interface StatePage {
  readonly bucket: string
  readonly cursor: string
  readonly items: readonly StateItem[]
  readonly next?: string
}

export interface HistoryItem {
  readonly subject: string
  readonly seq: number
  readonly event: EventJson
}

export interface HistoryPage {
  readonly items: readonly HistoryItem[]
  readonly cursor: string
  readonly next?: string
}
