import { until } from '../../cli/test/processes.ts'

/** WebSockets through a proxy, each subscribed to a filter in mode ALL by `weir.v1.json`. */
export class ProxyCrowd {
  readonly #sockets: readonly WebSocket[]
  /** The subjects that each has had, in order. */
  readonly received: readonly string[][]
  /** The code that each was closed with. */
  readonly closeCodes: number[] = []
  /** How many were asked to go elsewhere. */
  goaways = 0

  private constructor(sockets: readonly WebSocket[], received: readonly string[][]) {
    this.#sockets = sockets
    this.received = received
  }

  /** Opens so many, fifty at a time; resolves when all have subscribed. */
  static async open(base: string, token: string, filter: string, count: number): Promise<ProxyCrowd> {
    const sockets: WebSocket[] = []
    const received: string[][] = []
    const crowd = new ProxyCrowd(sockets, received)
    while (sockets.length < count) {
      const group = Array.from({ length: Math.min(atOnce, count - sockets.length) }, async () => {
        const socket = new WebSocket(`${base.replace('http', 'ws')}/v1/ws`, ['weir.v1.json'])
        const subjects: string[] = []
        sockets.push(socket)
        received.push(subjects)
        await subscribed(socket, token, filter, (frame) => crowd.#heard(frame, subjects))
        socket.addEventListener('close', ({ code }) => void crowd.closeCodes.push(code))
      })
      await Promise.all(group)
    }
    return crowd
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.close()
    await until(
      'all are closed',
      () => this.#sockets.every(({ readyState }) => readyState === WebSocket.CLOSED),
      60_000,
    )
  }

  #heard(frame: ServerFrame, subjects: string[]): void {
    if (frame.type === 'goaway') this.goaways++
    for (const { subject } of frame.entries ?? []) subjects.push(subject)
  }
}

/** Of a frame what is looked at here. */
interface ServerFrame {
  readonly type: string
  readonly entries?: readonly { readonly subject: string }[]
}

/** Resolves when the hub says so. Rejects when the connection ends or is refused before. */
function subscribed(
  socket: WebSocket,
  token: string,
  filter: string,
  heard: (frame: ServerFrame) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.addEventListener('close', ({ code, reason }) => reject(new Error(`closed with ${code} ${reason}`)))
    socket.addEventListener('error', () => reject(new Error('the connection failed')))
    socket.addEventListener('message', ({ data }) => {
      const frame = JSON.parse(String(data)) as ServerFrame
      if (frame.type === 'subscribed') resolve()
      if (frame.type === 'refused') reject(new Error(String(data)))
      heard(frame)
    })
    socket.addEventListener('open', () => {
      socket.send(JSON.stringify({ type: 'hello', token, client: 'proxy' }))
      socket.send(JSON.stringify({ type: 'subscribe', id: 1, source: 'events', filters: [filter], mode: 'ALL' }))
    })
  })
}

const atOnce = 50
