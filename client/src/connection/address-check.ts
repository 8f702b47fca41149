import { WeirError } from '@weir/proto'
import { clientLimits } from '../limits.ts'
import type { Fetch } from '../platform/fetch.ts'

/**
 * Why a WebSocket could not be opened there, as far as a plain request can tell: browsers say 1006
 * for everything. Undefined when a hub answers, nobody does, or the answer may not be read (of
 * another origin). Never rejects.
 */
export async function addressFault(socketUrl: string, fetch: Fetch): Promise<WeirError | undefined> {
  const { status, origin } = await statusAt(socketUrl.replace(/^ws/, 'http'), fetch)
  if (status === undefined || !isForeign(status)) return undefined
  return new WeirError(
    'not_found',
    `There is no hub at this address: ${origin} answered ${status} to a request for ${new URL(socketUrl).pathname}.`,
  )
}

/**
 * A hub answers 400 to what is no WebSocket, or refuses with 403, 429 or 503; what is between may
 * fail for a while.
 */
function isForeign(status: number): boolean {
  return status < 500 && !hubStatuses.has(status)
}

const hubStatuses: ReadonlySet<number> = /* @__PURE__ */ new Set([400, 403, 408, 426, 429])

async function statusAt(url: string, fetch: Fetch): Promise<{ readonly status?: number; readonly origin: string }> {
  const { origin } = new URL(url)
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(clientLimits.connectMs) })
    await response.body?.cancel()
    return { status: response.status, origin }
  } catch {
    return { origin }
  }
}
