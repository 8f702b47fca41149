import { writeFile } from 'node:fs/promises'

/**
 * The inspector of a Node process, by the Chrome DevTools Protocol: as much of it as benchmarks
 * need.
 */
export class Inspector {
  readonly #socket: WebSocket
  readonly #waiting: Map<number, Waiting> = new Map()
  #last = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.onmessage = ({ data }) => {
      const { id, result } = JSON.parse(String(data)) as { id: number; result: unknown }
      this.#waiting.get(id)?.resolve(result)
      this.#waiting.delete(id)
    }
    socket.onclose = () => {
      for (const { reject } of this.#waiting.values()) reject(gone())
    }
  }

  static connect(url: string): Promise<Inspector> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url)
      socket.onopen = () => resolve(new Inspector(socket))
      socket.onerror = () => reject(new Error(`no inspector at ${url}`))
    })
  }

  /** Collects the garbage of its heap, more than once since finalizers free more. */
  async collectGarbage(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await this.#ask('HeapProfiler.collectGarbage')
  }

  async startProfile(): Promise<void> {
    await this.#ask('Profiler.enable')
    await this.#ask('Profiler.setSamplingInterval', { interval: 200 })
    await this.#ask('Profiler.start')
  }

  /**
   * Writes the profile as a .cpuprofile file, and gives the functions that took most time by
   * themselves.
   */
  async stopProfile(path: string): Promise<readonly ProfileLine[]> {
    const { profile } = (await this.#ask('Profiler.stop')) as { profile: CpuProfile }
    await writeFile(path, JSON.stringify(profile))
    return hottest(profile)
  }

  close(): void {
    this.#socket.close()
  }

  #ask(method: string, params: unknown = {}): Promise<unknown> {
    const id = ++this.#last
    return new Promise((resolve, reject) => {
      if (this.#socket.readyState !== WebSocket.OPEN) return reject(gone())
      this.#waiting.set(id, { resolve, reject })
      this.#socket.send(JSON.stringify({ id, method, params }))
    })
  }
}

interface Waiting {
  resolve(result: unknown): void
  reject(error: Error): void
}

function gone(): Error {
  return new Error('the process that was inspected has ended')
}

export interface ProfileLine {
  /** Of all samples but the idle ones. */
  readonly share: number
  /** Function, file and line. */
  readonly place: string
}

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
}

function hottest({ nodes, samples }: CpuProfile): readonly ProfileLine[] {
  const places = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const file = url.split('/').slice(-2).join('/')
      return [id, file === '' ? functionName : `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`]
    }),
  )
  const counts = new Map<string, number>()
  for (const sample of samples) {
    const place = places.get(sample) ?? '?'
    if (place !== '(idle)') counts.set(place, (counts.get(place) ?? 0) + 1)
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  return [...counts].sort((a, b) => b[1] - a[1]).map(([place, count]) => ({ share: count / total, place }))
}
