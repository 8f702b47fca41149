import { Mode, WeirError } from '@weir/proto'
import { limits } from '../../limits.ts'

/** How a channel is read: what the `data` of a subscription may ask for. */
export interface SubscribeOptions {
  readonly mode: Mode
  readonly intervalMs: number
  /** How long a publication may wait for others; undefined is as the hub is set. */
  readonly maxDelayMs: number | undefined
}

/**
 * Reads `{"mode": "ALL" | "LATEST", "intervalMs": 500, "maxDelayMs": 20}`. Without a mode, events
 * are sent all, and of a bucket or with an interval the newest of each subject. Throws `invalid`.
 */
export function readOptions(data: Uint8Array, source: string): SubscribeOptions {
  const given = data.length === 0 ? {} : parse(data)
  for (const name in given) if (!known.has(name)) throw invalid()
  const { mode, intervalMs = 0, maxDelayMs } = given
  if (!isMilliseconds(intervalMs)) throw invalid()
  if (maxDelayMs !== undefined && (!isMilliseconds(maxDelayMs) || maxDelayMs > limits.gatherMsMax)) throw invalid()
  if (mode !== undefined && mode !== 'ALL' && mode !== 'LATEST') throw invalid()
  const isLatest = mode === undefined ? source !== 'events' || intervalMs > 0 : mode === 'LATEST'
  return { mode: isLatest ? Mode.LATEST : Mode.ALL, intervalMs, maxDelayMs }
}

const known: ReadonlySet<string> = new Set(['mode', 'intervalMs', 'maxDelayMs'])

function isMilliseconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}

function parse(data: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(data))
    if (value === null) return {}
    if (typeof value === 'object') return value as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw invalid()
}

function invalid(): WeirError {
  return new WeirError(
    'invalid',
    'The data of a subscription may have "mode" ("ALL" or "LATEST"), "intervalMs" (a whole number) and ' +
      `"maxDelayMs" (a whole number up to ${limits.gatherMsMax}).`,
  )
}
