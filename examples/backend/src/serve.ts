import { serve as listen } from '@hono/node-server'

export interface Serving {
  readonly fetch: (request: Request) => Response | Promise<Response>
  readonly port: number
  /** Is called once, when the process was asked to end and takes no more requests. */
  readonly close: () => Promise<void>
}

/** Serves on this machine alone until SIGTERM or SIGINT, then ends the process. */
export function serve({ fetch, port, close }: Serving): void {
  const server = listen({ fetch, port, hostname: '127.0.0.1' }, () => console.log(`http://127.0.0.1:${port}/`))
  const end = (): void => {
    server.close()
    void close().finally(() => process.exit(0))
  }
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, end)
}
