import { backoffMs } from '@weir/proto'
import { Refusal, type Session } from '../../page/src/session.ts'
import type { Action, Thing } from '../src/thing.ts'
import { limits } from './limits.ts'

/** An action without its id. */
export type Act = Action extends infer One ? (One extends Action ? Omit<One, 'id'> : never) : never

/**
 * What the person did and the service has not said yes to. Each action has an id, so it is sent
 * until it is answered and done once, however often it arrived. It outlives a reload.
 */
export class ActionQueue {
  queued: readonly Action[] = $state.raw([])
  readonly #session: Session
  readonly #key: string
  readonly #done: (changed: readonly Thing[]) => void
  readonly #refused: (message: string) => void
  #sending = false
  #wake = (): void => {}

  /**
   * @param done is told what the service changed
   * @param refused is told why the service did not do it
   */
  constructor(session: Session, done: (changed: readonly Thing[]) => void, refused: (message: string) => void) {
    this.#session = session
    this.#done = done
    this.#refused = refused
    this.#key = `kitchen.queue.${session.login.role}.${session.login.name}`
    this.queued = this.#stored()
    void this.#sendAll()
  }

  /** Whether something that is not done yet is to be done with a thing. */
  isPending({ id }: Thing): boolean {
    return this.queued.some((action) => 'target' in action && action.target === id)
  }

  /** Queued actions that make something new. */
  get creations(): readonly Action[] {
    return this.queued.filter((action) => !('target' in action))
  }

  add(act: Act): void {
    if (this.queued.length >= limits.queueMax) {
      this.#refused('Hay demasiado por enviar: espera a que vuelva la conexión.')
      return
    }
    const action = { ...act, id: crypto.randomUUID() } as Action
    this.#keep((actions) => [...actions, action])
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
      const [next] = this.queued
      if (next === undefined) break
      try {
        const changed = (await this.#session.request('POST', 'api/actions', next)) as readonly Thing[]
        this.#done(changed)
        this.#drop(next)
        attempt = 0
      } catch (thrown) {
        if (thrown instanceof Refusal && thrown.status < 500) {
          this.#drop(next)
          this.#refused(thrown.message)
        } else {
          await this.#pause(backoffMs(attempt++, limits.retryFirstMs, limits.retryMaxMs))
        }
      }
    }
    this.#sending = false
  }

  #drop({ id }: Action): void {
    this.#keep((actions) => actions.filter((each) => each.id !== id))
  }

  /** What is stored is of all tabs of the person: what others wait with stays there. */
  #keep(change: (actions: readonly Action[]) => readonly Action[]): void {
    this.queued = change(this.queued)
    localStorage.setItem(this.#key, JSON.stringify(change(this.#stored())))
  }

  #stored(): readonly Action[] {
    return JSON.parse(localStorage.getItem(this.#key) ?? '[]') as readonly Action[]
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
