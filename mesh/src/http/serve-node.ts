import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener, type Http2Bindings, type HttpBindings, RequestError } from '@hono/node-server'
import { limits } from '../config/limits.ts'
import { withoutHost } from './guarded.ts'
import type { HttpServer, Listen, RequestInfo } from './http-server.ts'
import { problem } from './problem.ts'
import { secured } from './secure-headers.ts'

export async function serveNode({ hostname, port, handler, onError }: Listen): Promise<HttpServer> {
  const listener = getRequestListener((request, env) => handler(request, infoOf(env)), {
    // For requests without one, which the handler knows by their headers.
    hostname: 'localhost',
    errorHandler: (thrown) => (thrown instanceof RequestError ? secured(problem(withoutHost())) : onError(thrown)),
  })
  const server = createServer({ keepAliveTimeout: limits.httpIdleMs }, (incoming, outgoing) => {
    void listener(incoming, outgoing)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, hostname, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return {
    port: (server.address() as AddressInfo).port,
    async close(graceMs) {
      const force = setTimeout(() => server.closeAllConnections(), graceMs)
      // A connection whose last request ends now would stay open for the next one.
      const idle = setInterval(() => server.closeIdleConnections(), limits.httpCloseIdleMs)
      await new Promise<void>((resolve) => server.close(() => resolve()))
      clearTimeout(force)
      clearInterval(idle)
    },
  }
}

function infoOf({ incoming }: HttpBindings | Http2Bindings): RequestInfo {
  return {
    get ip() {
      return incoming.socket.remoteAddress ?? ''
    },
  }
}
