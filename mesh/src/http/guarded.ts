import { WeirError } from '@weir/proto'
import type { Handler } from './http-server.ts'
import { problem } from './problem.ts'
import { secured } from './secure-headers.ts'

/**
 * The handler for requests that say whom they address; others get 400. A load balancer may ask for
 * its health without a host (HTTP/1.0). Every answer, that to a handler which throws too, has the
 * headers of every service.
 */
export function guarded(handler: Handler, onError: (thrown: unknown) => Response): Handler {
  // Most requests name the host that the last one did.
  let lastHost = ''
  const failed = (thrown: unknown): Response => secured(onError(thrown))
  return (request, info) => {
    const host = request.headers.get('host') ?? ''
    let asked = request
    if (host === '') {
      const path = healthPath(request)
      if (path === undefined) return secured(problem(withoutHost()))
      asked = new Request(`http://localhost${path}`, { method: request.method })
    } else if (host !== lastHost) {
      if (!isHost(host)) return secured(problem(withoutHost()))
      lastHost = host
    }
    try {
      const answer = handler(asked, info)
      return answer instanceof Promise ? answer.then(secured).catch(failed) : secured(answer)
    } catch (thrown) {
      return failed(thrown)
    }
  }
}

/** For what a server cannot even make a request of. */
export function withoutHost(): WeirError {
  return new WeirError('malformed', 'A request names one host and a path (RFC 9112 section 3.2): this one does not.')
}

/** The URL of a request without a host is its path alone, or has one that the server made up. */
function healthPath({ url }: Request): string | undefined {
  const path = URL.canParse(url, 'http://localhost') ? new URL(url, 'http://localhost').pathname : ''
  return path === '/healthz' || path === '/readyz' ? path : undefined
}

/** A name or an address, with a port or without (RFC 3986 section 3.2.2), that makes a URL. */
function isHost(host: string): boolean {
  return /^([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i.test(host) && URL.canParse(`http://${host}/`)
}
