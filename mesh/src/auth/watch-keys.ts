import { setTimeout as sleep } from 'node:timers/promises'
import { limits } from '../config/limits.ts'
import type { Health } from '../run/health.ts'
import type { Logger } from '../run/log.ts'
import type { Metrics } from '../run/metrics.ts'
import type { KeySetState } from './key-set.ts'
import type { Verifier } from './verifier.ts'

/**
 * Reads the keys that verify tokens at the start and again and again, so that a key that is
 * withdrawn is noticed by those whose connections stay; says in the readiness part `keys`, in
 * metrics and in the log when they cannot be read. A service is ready while it knows keys, however
 * old.
 */
export function watchKeys(
  verifier: Verifier,
  { health, metrics, log }: { readonly health: Health; readonly metrics: Metrics; readonly log: Logger },
): { stop(): void } {
  const { keys } = verifier
  if (keys === undefined) return { stop() {} }
  exportKeys(metrics, () => keys.state)
  let failing = false
  const read = async (): Promise<void> => {
    await keys.read().catch(() => undefined)
    const { known, failure } = keys.state
    if (failure === undefined) health.set('keys', known)
    else
      health.set('keys', known, `WEIR_JWKS_URL cannot be read (${failure})${known ? '; known keys stay in use' : ''}`)
    if (failure !== undefined && !failing) log.warn({ reason: failure }, 'the keys that verify tokens cannot be read')
    failing = failure !== undefined
  }
  health.set('keys', false, 'starting')
  const stopping = new AbortController()
  void repeat(read, () => (keys.state.known ? limits.jwksRefreshMs : 2 * limits.jwksAskMs), stopping.signal)
  return { stop: () => stopping.abort() }
}

/** What is counted of the keys, where they come from a URL. */
export function exportKeys(metrics: Metrics, state: () => KeySetState): void {
  metrics.gauge(
    'jwks_age_seconds',
    'Time since the keys that verify tokens were read, with WEIR_JWKS_URL.',
    [],
    (gauge) => {
      const { known, ageSeconds } = state()
      gauge.set(known ? ageSeconds : Number.NaN)
    },
  )
  metrics.reading('jwks_failures_total', 'Times that WEIR_JWKS_URL could not be read.', () => state().failures)
}

async function repeat(work: () => Promise<void>, waitMs: () => number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await work()
    // Soon while no key is known, as nobody can be let in.
    await sleep(waitMs(), undefined, { signal }).catch(() => undefined)
  }
}
