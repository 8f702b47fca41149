import { endpointUrl } from '@weir/client'
import { isErrorCode, WeirError } from '@weir/proto'
import { limits } from '../limits.ts'
import type { Access, ServiceName } from './access.ts'

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly query?: Readonly<Record<string, string | undefined>>
  /** JSON. */
  readonly body?: string
}

/**
 * Asks a service with the token of the access. Throws what the service said as a WeirError,
 * `unavailable` when nobody answers.
 */
export async function request(
  access: Access,
  service: ServiceName,
  path: `/${string}`,
  options: RequestOptions = {},
): Promise<Response> {
  const url = new URL(endpointUrl(access.address(service), path, 'http'))
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, value)
  }
  const headers: Record<string, string> = { Authorization: `Bearer ${await access.token()}` }
  const init: RequestInit = { method: options.method ?? 'GET', headers, signal: AbortSignal.timeout(limits.requestMs) }
  if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json'
    init.body = options.body
  }
  let response: Response
  try {
    response = await fetch(url, init)
  } catch (cause) {
    throw new WeirError(
      'unavailable',
      `${service} at ${url.origin} does not answer: is the address right and does it run?`,
      {
        cause,
      },
    )
  }
  if (response.ok) return response
  throw await refusal(response, service, url)
}

async function refusal(response: Response, service: ServiceName, url: URL): Promise<WeirError> {
  const text = await response.text()
  try {
    const { code, detail, title } = JSON.parse(text) as { code?: string; detail?: string; title?: string }
    if (code !== undefined && isErrorCode(code)) return new WeirError(code, `${service}: ${detail ?? title ?? code}`)
  } catch {
    // Not a problem of Weir: something else answers there.
  }
  return new WeirError(
    'unavailable',
    `${url.origin}${url.pathname} answered with ${response.status}, not as ${service} does: is the address right?`,
  )
}
