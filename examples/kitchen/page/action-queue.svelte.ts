import { backoffMs } from '@weir/proto'
import { Refusal, type Session } from '../../page/src/session.ts'
import type { Action, Thing } from '../src/thing.ts'
import { limits } from './limits.ts'

/** An action without its id. */
export type Act = Action extends infer One ? (One extends Action ? Omit<One, 'id'> : never) : never

interface Queued {
  readonly action: Action
  /** What the service made of it; until its event comes, the page shows it as pending. */
  readonly result?: Thing
}

/**
 * What the person did and the service has not said yes to. Each action has an id, so it is sent
 * until it is answered and done once, however often it arrived. It outlives a reload.
 */
export class ActionQueue {
  queued: readonly Queued[] = $state.raw([])
  readonly #session: Session
  readonly #key: string
  readonly #refused: (message: string) => void
  #sending = false
  #wake = (): void => {}

  constructor(session: Session, refused: (message: string) => void) {
    this.#session = session
    this.#refused = refused
    this.#key = `kitchen.queue.${session.login.role}.${session.login.name}`
    const actions = JSON.parse(localStorage.getItem(this.#key) ?? '[]') as readonly Action[]
    this.queued = actions.map((action) => ({ action }))
    void this.#sendAll()
  }

  /** How many have no answer. */
  get waiting(): number {
    return this.queued.filter(({ result }) => result === undefined).length
  }

  /** Whether something is done with a thing that the page does not see yet. */
  isPending({ id, version }: Thing): boolean {
    return this.queued.some(
      ({ action, result }) =>
        'target' in action && action.target === id && (result === undefined || result.version > version),
    )
  }

  /** Queued actions that make something new. */
  get creations(): readonly Action[] {
    return this.queued.flatMap(({ action, result }) => ('target' in action || result !== undefined ? [] : [action]))
  }

  add(act: Act): void {
    if (this.queued.length >= limits.queueMax) {
      this.#refused('Hay demasiado por enviar: espera a que vuelva la conexión.')
      return
    }
    this.#keep([...this.queued, { action: { ...act, id: crypto.randomUUID() } as Action }])
    void this.#sendAll()
  }

  /** Tries again at once what waits for its time. */
  retryNow(): void {
    this.#wake()
  }

  async #sendAll(): Promise<void> {
    if (this.#sending) return
    this.#sending = true
    for (let attempt = 0; ; ) {
      const next = this.queued.find(({ result }) => result === undefined)
      if (next === undefined) break
      try {
        const result = (await this.#session.request('POST', 'api/actions', next.action)) as Thing
        this.#keep(this.queued.map((each) => (each === next ? { ...next, result } : each)))
        setTimeout(() => this.#drop(next.action), limits.echoMs)
        attempt = 0
      } catch (thrown) {
        if (thrown instanceof Refusal && thrown.status < 500) {
          this.#drop(next.action)
          this.#refused(thrown.message)
        } else {
          await this.#pause(backoffMs(attempt++, limits.retryFirstMs, limits.retryMaxMs))
        }
      }
    }
    this.#sending = false
  }

  #drop(action: Action): void {
    this.#keep(this.queued.filter((each) => each.action.id !== action.id))
  }

  #keep(queued: readonly Queued[]): void {
    this.queued = queued
    const unanswered = queued.filter(({ result }) => result === undefined).map(({ action }) => action)
    localStorage.setItem(this.#key, JSON.stringify(unanswered))
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
