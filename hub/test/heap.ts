import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Looks into the heap of a Node process by its inspector (Chrome DevTools Protocol), so that the
 * process needs nothing for it. It is to be started with `environment`.
 */
export class Heap {
  readonly #port: number
  #socket: WebSocket | undefined

  private constructor(port: number) {
    this.#port = port
  }

  /** Finds a free port for the inspector. */
  static async reserve(): Promise<Heap> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    server.close()
    await once(server, 'close')
    return new Heap(port)
  }

  get environment(): Readonly<Record<string, string>> {
    return { NODE_OPTIONS: `--inspect=127.0.0.1:${this.#port} --inspect-publish-uid=http` }
  }

  /**
   * Bytes that are in use once garbage was collected; more than once, since finalizers free more.
   */
  async usedBytes(): Promise<number> {
    this.#socket ??= await attach(this.#port)
    for (let turn = 0; turn < 3; turn++) await ask(this.#socket, 'HeapProfiler.collectGarbage')
    const { usedSize } = (await ask(this.#socket, 'Runtime.getHeapUsage')) as { usedSize: number }
    return usedSize
  }

  /** Lets go of the process, which does not end before. */
  close(): void {
    this.#socket?.close()
  }
}

async function attach(port: number): Promise<WebSocket> {
  const response = await fetch(`http://127.0.0.1:${port}/json/list`)
  const [target] = (await response.json()) as [{ webSocketDebuggerUrl: string }]
  const socket = new WebSocket(target.webSocketDebuggerUrl)
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socket)
    socket.onerror = () => reject(new Error('there is no inspector'))
  })
}

function ask(socket: WebSocket, method: string): Promise<unknown> {
  socket.send(JSON.stringify({ id: 1, method }))
  return new Promise((resolve) => {
    socket.onmessage = ({ data }) => resolve((JSON.parse(String(data)) as { result: unknown }).result)
  })
}
