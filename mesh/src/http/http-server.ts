/** Answers a request. The info holds for the duration of the call. */
export type Handler = (request: Request, info: RequestInfo) => Response | Promise<Response>

export interface RequestInfo {
  /**
   * The address of the peer of this connection, whatever headers claim. Looked up when it is read.
   */
  readonly ip: string
}

export interface HttpServer {
  readonly port: number
  /**
   * Accepts nothing new and frees the port, lets running requests finish, and cuts off those that
   * run after `graceMs`. On Deno, which cannot cut off, those are left to the end of the process.
   */
  close(graceMs: number): Promise<void>
}

/** What each runtime is given. */
export interface Listen {
  readonly hostname: string
  readonly port: number
  readonly handler: Handler
  readonly onError: (thrown: unknown) => Response
}
