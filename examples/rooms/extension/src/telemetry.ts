import type { Counters } from './counters.ts'

/** The body of a request to `/api/tracking/telemetry`. */
export interface Telemetry {
  readonly room_id: string
  readonly platform: string
  readonly tokens_count: number
  readonly tips_count: number
  readonly viewers_count: number
  /** RFC 3339. */
  readonly timestamp: string
}

export function telemetryOf(room: string, counters: Counters, now: Date): Telemetry {
  return {
    room_id: room,
    platform: counters.platform,
    tokens_count: counters.tokens,
    tips_count: counters.tips,
    viewers_count: counters.viewers,
    timestamp: now.toISOString(),
  }
}
