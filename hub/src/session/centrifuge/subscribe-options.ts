import { Mode, WeirError } from '@weir/proto'

/** How a channel is read: what the `data` of a subscription may ask for. */
export interface SubscribeOptions {
  readonly mode: Mode
  readonly intervalMs: number
}

/**
 * Reads `{"mode": "ALL" | "LATEST", "intervalMs": 500}`. Without a mode, events are sent all, and
 * of a bucket or with an interval the newest of each subject. Throws `invalid`.
 */
export function readOptions(data: Uint8Array, source: string): SubscribeOptions {
  const given = data.length === 0 ? {} : parse(data)
  for (const name in given) if (name !== 'mode' && name !== 'intervalMs') throw invalid()
  const { mode, intervalMs = 0 } = given
  if (typeof intervalMs !== 'number' || !Number.isInteger(intervalMs) || intervalMs < 0) throw invalid()
  if (mode !== undefined && mode !== 'ALL' && mode !== 'LATEST') throw invalid()
  const isLatest = mode === undefined ? source !== 'events' || intervalMs > 0 : mode === 'LATEST'
  return { mode: isLatest ? Mode.LATEST : Mode.ALL, intervalMs }
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
    'The data of a subscription may have "mode" ("ALL" or "LATEST") and "intervalMs" (a whole number).',
  )
}
