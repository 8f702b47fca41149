import { createServer, connect as dial, type Server, type Socket } from 'node:net'

/** What stands between, and can stop to pass anything on without closing. */
export interface HangingProxy {
  readonly url: string
  hangs: boolean
  readonly server: Server
}

export async function startHangingProxy(url: string): Promise<HangingProxy> {
  const target = new URL(url)
  const port = Number(target.port)
  const made = { hangs: false, url: '', server: createServer() }
  made.server.on('connection', (client: Socket) => {
    const behind = dial(port, target.hostname)
    client.on('data', (chunk) => made.hangs || behind.write(chunk))
    behind.on('data', (chunk) => made.hangs || client.write(chunk))
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      one.on('close', () => other.destroy())
      one.on('error', () => other.destroy())
    }
  })
  await new Promise<void>((resolve) => made.server.listen(0, '127.0.0.1', resolve))
  const address = made.server.address()
  target.port = String(typeof address === 'object' ? address?.port : 0)
  made.url = target.href
  return made
}
