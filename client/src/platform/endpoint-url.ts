import { WeirError } from '@weir/proto'

/**
 * The address of an endpoint below a base address, by the one rule of all clients of Weir: the base
 * may have any path, as behind a proxy at `https://example.com/weir/hub`, and the endpoint's path
 * is put after it. A base that ends with that path already is taken as it is. `http` and `ws` name
 * the same server. Throws `invalid`, with a sentence that says what is wrong.
 */
export function endpointUrl(base: string, path: `/${string}`, scheme: 'http' | 'ws'): string {
  const url = URL.canParse(base) ? new URL(base) : undefined
  if (url === undefined || !/^(wss?|https?):$/.test(url.protocol)) {
    throw new WeirError('invalid', `"${base}" is not an address: it is written like ${scheme}s://weir.example.com.`)
  }
  for (const [part, name] of [
    [url.search, 'a query'],
    [url.hash, 'a fragment'],
    [url.username + url.password, 'a name or password'],
  ] as const) {
    // The text itself is not repeated: a token may stand in it.
    if (part !== '') throw new WeirError('invalid', `The address of ${url.host} has ${name}: give it without.`)
  }
  url.protocol = url.protocol.replace(/^(http|ws)/, scheme)
  const prefix = url.pathname.replace(/\/+$/, '')
  url.pathname = prefix.endsWith(path) ? prefix : prefix + path
  return url.href
}
