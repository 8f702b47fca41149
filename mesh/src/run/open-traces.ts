import type { Traces } from './traces.ts'

/** What the settings say of traces. */
export interface TraceSettings {
  readonly tracesUrl: string | undefined
  readonly tracesShare: number
}

/**
 * Opens the traces of a service; undefined when none are wanted. The library is loaded only then,
 * as it takes time and memory.
 */
export async function openTraces(settings: TraceSettings, service: string): Promise<Traces | undefined> {
  const { tracesUrl: url, tracesShare: share } = settings
  if (url === undefined) return undefined
  const { Traces } = await import('./traces.ts')
  return new Traces({ url, service, share })
}
