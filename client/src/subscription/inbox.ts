import type { Cursor } from '@weir/proto'
import type { StateChanged, SubscriptionItem } from './subscription-item.ts'

/** What one frame brought for a subscription. */
export interface Delivery {
  readonly items: readonly Exclude<SubscriptionItem, StateChanged>[]
  /** The position once all items are taken, if no frame without items has moved it further. */
  readonly end: Cursor
  /** To where such a frame has moved it. */
  movedTo?: Cursor
  /** What it counts against the window. */
  readonly bytes: number
  /** Gives the bytes back. */
  readonly finished: (bytes: number) => void
}

/**
 * Between the connection, which delivers, and the application, which takes one item after the
 * other. An item is finished when the application comes back for the next; a delivery's bytes are
 * given back when its last item is. What is held here is bounded by the window, as the hub sends
 * nothing beyond it.
 */
export class Inbox {
  readonly #starved: () => void
  #deliveries: Delivery[] = []
  /** Items of the first delivery that were taken. */
  #taken = 0
  #state: StateChanged | undefined
  #position: Cursor | undefined
  #waiters: Waiter[] = []
  #end: { readonly error: Error | undefined } | undefined
  #heldBytes = 0
  #takenInAll = 0

  /** `starved` is called when the application begins to wait. */
  constructor(position: Cursor | undefined, starved: () => void) {
    this.#position = position
    this.#starved = starved
  }

  /** After the last item that was taken; undefined before there was any. */
  get position(): Cursor | undefined {
    return this.#position
  }

  /** Delivered and not finished. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** How many items were ever taken. */
  get takenInAll(): number {
    return this.#takenInAll
  }

  deliver(delivery: Delivery): void {
    if (this.#end !== undefined) {
      delivery.finished(delivery.bytes)
      return
    }
    this.#heldBytes += delivery.bytes
    if (delivery.items.length > 0) this.#deliveries.push(delivery)
    else this.#pass(delivery)
    this.#serve()
  }

  /** Replaces the state that waits to be taken, if one does. */
  tell(state: StateChanged): void {
    this.#state = state
    this.#serve()
  }

  /** Forgets what was not taken: it is asked for again from the position, or has been replaced. */
  clear(): void {
    const dropped = this.#deliveries
    this.#deliveries = []
    this.#taken = 0
    for (const delivery of dropped) this.#giveBack(delivery)
  }

  /** As an iterator's `next`. Rejects once, with the error of `fail`. */
  next(): Promise<IteratorResult<SubscriptionItem, undefined>> {
    const item = this.#take()
    if (item !== undefined) return Promise.resolve({ done: false, value: item })
    if (this.#end !== undefined) return this.#ended()
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      this.#starved()
    })
  }

  /**
   * No more items: takers get what is there already, then the end; an error as the end is thrown to
   * one of them.
   */
  finish(error: Error | undefined): void {
    if (this.#end !== undefined) return
    this.#end = { error }
    for (const { resolve, reject } of this.#waiters.splice(0)) this.#ended().then(resolve, reject)
  }

  #take(): SubscriptionItem | undefined {
    this.#settle()
    const item = this.#state ?? this.#takeDelivered()
    this.#state = undefined
    if (item !== undefined) this.#takenInAll++
    return item
  }

  #takeDelivered(): SubscriptionItem | undefined {
    const [first] = this.#deliveries
    const item = first?.items[this.#taken]
    if (first === undefined || item === undefined) return undefined
    this.#taken++
    if (this.#taken === first.items.length) this.#position = first.movedTo ?? first.end
    else if ('seq' in item) this.#position = { ...first.end, seq: item.seq }
    return item
  }

  /**
   * The application is back: when that was the last item of the first delivery, the delivery is
   * finished.
   */
  #settle(): void {
    const [first] = this.#deliveries
    if (first === undefined || this.#isUntaken(first)) return
    this.#deliveries.shift()
    this.#taken = 0
    this.#giveBack(first)
  }

  #isUntaken(delivery: Delivery): boolean {
    return delivery !== this.#deliveries[0] || this.#taken < delivery.items.length
  }

  /** Nothing of it is held, so a delivery without items is finished as it comes. */
  #pass(delivery: Delivery): void {
    const last = this.#deliveries.at(-1)
    if (last !== undefined && this.#isUntaken(last)) last.movedTo = delivery.end
    else this.#position = delivery.end
    this.#giveBack(delivery)
  }

  #giveBack({ bytes, finished }: Delivery): void {
    this.#heldBytes -= bytes
    finished(bytes)
  }

  #serve(): void {
    while (this.#waiters.length > 0) {
      const item = this.#take()
      if (item === undefined) return
      this.#waiters.shift()?.resolve({ done: false, value: item })
    }
  }

  #ended(): Promise<IteratorReturnResult<undefined>> {
    const error = this.#end?.error
    this.#end = { error: undefined }
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error)
  }
}

interface Waiter {
  resolve(item: IteratorResult<SubscriptionItem, undefined>): void
  reject(error: unknown): void
}
