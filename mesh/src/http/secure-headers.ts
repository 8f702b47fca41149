/**
 * What every answer of every service says beside its own: nothing of it is kept, sniffed, framed or
 * run, and no address of it is told to others. An answer that needs another value, as a page with
 * scripts or a file that may be kept, sets its own.
 */
export const secureHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** The same answer with them. */
export function secured(response: Response): Response {
  const { headers } = response
  for (const [name, value] of pairs) if (!headers.has(name)) headers.set(name, value)
  return response
}

const pairs: readonly (readonly [string, string])[] = Object.entries(secureHeaders)
