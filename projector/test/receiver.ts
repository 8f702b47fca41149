import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A message as a target got it. */
export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A target of notifications: it answers what `status` says, and keeps what it took. */
export class Receiver {
  readonly #server: Server
  readonly taken: Received[] = []
  /** Requests that it did not take. */
  refused = 0
  status = 200
  /** Where a redirect leads. */
  location = ''

  private constructor() {
    this.#server = createServer((request, response) => {
      let body = ''
      request.setEncoding('utf8')
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        if (this.status === 200) this.taken.push({ headers: request.headers, body })
        else this.refused++
        // One that never answers.
        if (this.status === 0) return
        response.writeHead(this.status, this.location === '' ? {} : { location: this.location }).end('ok')
      })
    })
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver()
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}
