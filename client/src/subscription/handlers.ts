import type { WeirError } from '@weir/proto'
import { callSafely } from '../platform/call-safely.ts'
import type { SubscriptionItem } from './subscription-item.ts'

/** What `on` takes: a handler of each type of item, of the end, and of the error that ended it. */
export type HandlerOf<Value, Name extends HandlerName<Value>> = Name extends 'error'
  ? (error: WeirError) => void
  : Name extends 'end'
    ? () => void
    : (item: Extract<SubscriptionItem<Value>, { readonly type: Name }>) => unknown

export type HandlerName<Value> = SubscriptionItem<Value>['type'] | 'error' | 'end'

/**
 * Reads items to their end for handlers, one item after the other. A handler that returns a promise
 * holds the next item back, as an `await` in a loop does. What a handler throws is thrown outside
 * of it, and the next item comes.
 */
export class Handlers<Value> {
  readonly #handlers: Map<string, ((item: unknown) => unknown)[]> = new Map()

  /** Begins in a moment, when the caller has named all its handlers. */
  constructor(items: AsyncIterable<SubscriptionItem<Value>>) {
    queueMicrotask(() => void this.#read(items))
  }

  add<Name extends HandlerName<Value>>(name: Name, handler: HandlerOf<Value, Name>): void {
    const handlers = this.#handlers.get(name) ?? []
    handlers.push(handler as (item: unknown) => unknown)
    this.#handlers.set(name, handlers)
  }

  async #read(items: AsyncIterable<SubscriptionItem<Value>>): Promise<void> {
    try {
      for await (const item of items) await this.#tell(item.type, item)
    } catch (thrown) {
      if (this.#handlers.has('error')) await this.#tell('error', thrown)
      else callSafely(rethrow, thrown)
      return
    }
    await this.#tell('end', undefined)
  }

  async #tell(name: string, value: unknown): Promise<void> {
    for (const handler of this.#handlers.get(name) ?? []) {
      try {
        await handler(value)
      } catch (thrown) {
        callSafely(rethrow, thrown)
      }
    }
  }
}

function rethrow(thrown: unknown): never {
  throw thrown
}
