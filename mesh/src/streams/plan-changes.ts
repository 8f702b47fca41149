import type { StreamInfo } from '@nats-io/jetstream'
import type { PlannedStream } from './streams.ts'

/** One field of a stream that is not as planned. */
export interface PlanChange {
  readonly field: string
  readonly from: unknown
  readonly to: unknown
  /** A sentence on what stored data the change loses; absent when it loses none. */
  readonly loss?: string
}

/**
 * What has to change in an existing stream so that it is as planned. Fields that the plan leaves
 * out are not compared.
 */
export function planChanges(plan: PlannedStream, info: StreamInfo): readonly PlanChange[] {
  const config: Readonly<Record<string, unknown>> = info.config
  const changes: PlanChange[] = []
  for (const [field, to] of Object.entries(plan)) {
    const from = config[field]
    if (sameValue(from, to)) continue
    const loss = lossOf(field, to, info)
    changes.push(loss === undefined ? { field, from, to } : { field, from, to, loss })
  }
  return changes
}

function lossOf(field: string, to: unknown, info: StreamInfo): string | undefined {
  const { state } = info
  if (state.messages === 0) return undefined
  switch (field) {
    case 'max_bytes':
      if (typeof to !== 'number' || to < 0 || state.bytes <= to) return undefined
      return `it holds ${state.bytes} bytes and max_bytes would be ${to}.`
    case 'max_age':
      if (typeof to !== 'number' || to === 0 || ageNanos(info) <= to) return undefined
      return `its oldest message is ${Math.round(ageNanos(info) / 1e9)} s old and max_age would be ${to / 1e9} s.`
    case 'max_msgs_per_subject':
    case 'subjects':
    case 'storage':
    case 'retention':
    case 'discard':
      return `${field} would change from ${JSON.stringify(info.config[field])} to ${JSON.stringify(to)}.`
    default:
      return undefined
  }
}

function ageNanos(info: StreamInfo): number {
  return (Date.now() - Date.parse(info.state.first_ts)) * 1e6
}

/** The server leaves out what is false or 0, and adds members of its own to objects. */
function sameValue(from: unknown, to: unknown): boolean {
  if (typeof to === 'object' && to !== null && !Array.isArray(to)) {
    return Object.entries(to).every(([key, value]) =>
      sameValue((from as Record<string, unknown> | undefined)?.[key], value),
    )
  }
  if (from === undefined) return to === false || to === 0 || to === undefined
  return JSON.stringify(from) === JSON.stringify(to)
}
