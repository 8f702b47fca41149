import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { Logger } from '@weir/mesh'
import { asWeirError, WeirError } from '@weir/proto'
import { limits } from '../limits.ts'
import { Worker } from './worker.ts'

/** The workers of one hub, which share its port. */
export class WorkerPool {
  readonly #workers: readonly Worker[]

  constructor(count: number, hubName: string, log: Logger) {
    this.#workers = Array.from({ length: count }, (_, index) => new Worker(index + 1, { hubName, log }))
  }

  get workers(): readonly Worker[] {
    return this.#workers
  }

  /** How often one was started again. */
  get restarts(): number {
    return this.#workers.reduce((sum, worker) => sum + worker.restarts, 0)
  }

  /** Resolves with the port when all listen on it; for 0 that is a free one. */
  async start(host: string, port: number): Promise<number> {
    // What the system chooses for a socket cannot be shared afterwards.
    const shared = port === 0 ? await freePort(host) : port
    await Promise.all(this.#workers.map((worker) => worker.start(shared)))
    return shared
  }

  /** Drains all at once. Throws when one did not end well. */
  async stop(): Promise<void> {
    const codes = await Promise.all(this.#workers.map((worker) => worker.stop()))
    if (codes.some((code) => code !== 0)) throw new WeirError('internal', 'A worker did not drain; its log says why.')
  }

  /** The answers of all workers to one request; of one that does not answer in time, why. */
  ask(path: string, init: RequestInit = {}): Promise<readonly WorkerAnswer[]> {
    return Promise.all(
      this.#workers.map(async (worker) => {
        try {
          return { worker, response: await askWorker(worker, path, init) }
        } catch (thrown) {
          return { worker, error: asWeirError(thrown) }
        }
      }),
    )
  }
}

async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

export type WorkerAnswer =
  | { readonly worker: Worker; readonly response: Response }
  | { readonly worker: Worker; readonly error: WeirError }

/** Throws `unavailable` when the worker does not run or does not answer. */
export async function askWorker(worker: Worker, path: string, init: RequestInit = {}): Promise<Response> {
  const { adminPort } = worker
  try {
    if (adminPort === undefined) throw new Error('it does not run')
    const signal = AbortSignal.timeout(limits.workerAnswerMs)
    return await fetch(`http://127.0.0.1:${adminPort}${path}`, { ...init, signal })
  } catch (cause) {
    throw new WeirError('unavailable', `Worker ${worker.number} does not answer.`, { cause })
  }
}
