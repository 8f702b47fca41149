import { type Health, type Metrics, metricsResponse } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import { sessionsPath } from '../http/admin-api.ts'
import { limits } from '../limits.ts'
import type { SessionPage, SessionReport } from '../session/report/session-list.ts'
import { mergeMetrics } from './merge-metrics.ts'
import { askWorker, type WorkerPool } from './worker-pool.ts'

/**
 * The admin port of a hub with several workers: ready while one of them is, all their metrics with
 * the label `worker`, and their sessions one after the other. Workers check the tokens.
 */
export class PoolAdmin {
  readonly #pool: WorkerPool
  readonly #health: Health
  readonly #metrics: Metrics

  constructor(pool: WorkerPool, health: Health, metrics: Metrics) {
    this.#pool = pool
    this.#health = health
    this.#metrics = metrics
  }

  /** Undefined for what it leaves to the pages of every service. */
  async handle(request: Request): Promise<Response | undefined> {
    const { pathname } = new URL(request.url)
    if (pathname === sessionsPath) return this.#sessions(request)
    if (request.method !== 'GET') return undefined
    if (pathname === '/readyz') return this.#ready()
    if (pathname === '/metrics') return this.#allMetrics(request.headers.get('accept'))
    return undefined
  }

  async #ready(): Promise<Response> {
    const own = this.#health.report()
    const answers = await this.#pool.ask('/readyz')
    const workers = await Promise.all(
      answers.map(async (answer) => {
        if ('error' in answer) return { worker: answer.worker.name, ready: false, detail: answer.error.message }
        return { worker: answer.worker.name, ...((await answer.response.json()) as { ready: boolean }) }
      }),
    )
    const ready = own.ready && workers.some((worker) => worker.ready)
    return Response.json({ ...own, ready, workers }, { status: ready ? 200 : 503 })
  }

  async #allMetrics(accept: string | null): Promise<Response> {
    const answers = await this.#pool.ask('/metrics', accept === null ? {} : { headers: { accept } })
    const { text, contentType } = await this.#metrics.page(accept)
    const texts = new Map([['supervisor', text]])
    for (const answer of answers) {
      if ('response' in answer) texts.set(String(answer.worker.number), await answer.response.text())
    }
    return metricsResponse({ text: mergeMetrics(texts), contentType })
  }

  #sessions(request: Request): Promise<Response> {
    return request.method === 'GET' ? this.#listSessions(request) : this.#askOne(request)
  }

  /** Whatever one worker answers: disconnecting goes to all hubs from any of them. */
  async #askOne(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url)
    const init = { method: request.method, headers: authorizationOf(request) }
    let fault: unknown = new WeirError('unavailable', 'No worker runs at the moment; try again.')
    for (const worker of this.#pool.workers) {
      try {
        return copyOf(await askWorker(worker, pathname + search, init))
      } catch (thrown) {
        fault = thrown
      }
    }
    throw fault
  }

  /**
   * Pages through the workers in order; the session that a page begins after says which worker's
   * turn it is. One that does not answer is left out. Throws `unavailable` when none does.
   */
  async #listSessions(request: Request): Promise<Response> {
    const query = new URL(request.url).searchParams
    const limit = Math.min(Number(query.get('limit') ?? limits.sessionsPageDefault), limits.sessionsPageMax)
    const after = query.get('after')
    const { workers } = this.#pool
    const at = after === null ? 0 : workers.findIndex(({ name }) => after.startsWith(`${name}.`))
    if (at < 0) throw new WeirError('malformed', 'after: the `next` of the page before is expected.')
    const sessions: SessionReport[] = []
    let fault: unknown
    let answered = false
    for (const [index, worker] of workers.slice(at).entries()) {
      // The token and the rest of the query are for the worker to judge.
      if (index > 0) query.delete('after')
      if (query.has('limit') || sessions.length > 0) query.set('limit', String(limit - sessions.length))
      let response: Response
      try {
        response = await askWorker(worker, `${sessionsPath}?${query}`, { headers: authorizationOf(request) })
      } catch (thrown) {
        fault = thrown
        continue
      }
      answered = true
      if (!response.ok) return copyOf(response)
      const page = (await response.json()) as SessionPage
      sessions.push(...page.sessions)
      if (page.next !== undefined) return Response.json({ sessions, next: page.next })
      if (sessions.length === limit && at + index + 1 < workers.length) {
        return Response.json({ sessions, next: sessions.at(-1)?.session })
      }
    }
    if (!answered) throw fault
    return Response.json({ sessions })
  }
}

function authorizationOf(request: Request): Record<string, string> {
  const authorization = request.headers.get('authorization')
  return authorization === null ? {} : { authorization }
}

function copyOf(response: Response): Response {
  const type = response.headers.get('content-type') ?? 'application/json'
  return new Response(response.body, { status: response.status, headers: { 'content-type': type } })
}
