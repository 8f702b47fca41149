import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { clientFrameToJson, type WeirError } from '@weir/proto'
import type { SubscribeOptions, Subscription } from '../src/subscription/subscription.ts'
import type { SubscriptionItem } from '../src/subscription/subscription-item.ts'
import { settle } from './fake-clock.ts'
import type { FakeSocket } from './fake-hub.ts'
import { type TestWeir, testWeir } from './weir.ts'

// The conversations of proto/test/conformance, which its README explains.

interface Conversation {
  readonly name: string
  readonly subscribe: SubscribeOptions
  readonly steps: readonly Step[]
}

interface Step {
  readonly client?: Fields
  readonly hub?: Fields
  readonly items?: readonly Fields[]
  readonly cursor?: string
  readonly cut?: number
  readonly error?: string
}

type Fields = Readonly<Record<string, unknown>>

const file = new URL('../../proto/test/conformance/client.json', import.meta.url)
const conversations = JSON.parse(readFileSync(file, 'utf8')) as readonly Conversation[]

for (const { name, subscribe, steps } of conversations) {
  test(name, async () => {
    const setting = testWeir({ codec: 'json' })
    const talk = new Talk(setting, setting.weir.subscribe(subscribe))
    await talk.begin()
    for (const step of steps) await talk.take(step)
  })
}

class Talk {
  readonly #setting: TestWeir
  readonly #subscription: Subscription
  #socket: FakeSocket | undefined
  #id = 0
  /** Asked for and not there yet. */
  #waiting: Promise<IteratorResult<SubscriptionItem, undefined>> | undefined

  constructor(setting: TestWeir, subscription: Subscription) {
    this.#setting = setting
    this.#subscription = subscription
  }

  async begin(): Promise<void> {
    this.#socket = await this.#setting.hub.welcome()
    this.#socket.take('hello')
  }

  async take({ client, hub, items, cursor, cut, error }: Step): Promise<void> {
    const socket = this.#socket ?? assert.fail()
    if (client !== undefined) this.#hear(socket, client)
    if (hub !== undefined) await socket.sayRaw(JSON.stringify(hub.id === 0 ? { ...hub, id: this.#id } : hub))
    if (items !== undefined) await this.#read(items)
    if (cursor !== undefined) assert.equal(await this.#cursor(), cursor)
    if (error !== undefined) await assert.rejects(this.#next(), (thrown) => (thrown as WeirError).code === error)
    if (cut !== undefined) {
      await socket.cut(cut)
      await this.#setting.clock.advance(500)
      await this.begin()
    }
  }

  #hear(socket: FakeSocket, expected: Fields): void {
    socket.take('ack')
    socket.take('ping')
    const frame = socket.heard.shift() ?? assert.fail('the client says nothing')
    const said = JSON.parse(clientFrameToJson({ $typeName: 'weir.v1.ClientFrame', frame })) as Fields
    assert.deepEqual(partOf(said, expected), expected)
    if (typeof said.id === 'number' && said.type === 'subscribe') this.#id = said.id
  }

  async #read(items: readonly Fields[]): Promise<void> {
    for (const expected of items) {
      const { value } = await this.#next()
      assert.deepEqual(partOf(value as unknown as Fields, expected), expected)
    }
    if (items.length > 0) return
    this.#waiting ??= this.#skipStates()
    assert.equal(await Promise.race([this.#waiting, settle().then(settle)]), undefined)
  }

  /** The next item that is no state. One that nobody got is kept for the next time. */
  async #next(): Promise<IteratorResult<SubscriptionItem, undefined>> {
    this.#waiting ??= this.#skipStates()
    const result = await this.#waiting
    this.#waiting = undefined
    return result
  }

  async #skipStates(): Promise<IteratorResult<SubscriptionItem, undefined>> {
    for (;;) {
      const result = await this.#subscription.next()
      if (result.done || result.value.type !== 'state') return result
    }
  }

  async #cursor(): Promise<string | undefined> {
    this.#waiting ??= this.#skipStates()
    await settle()
    return this.#subscription.cursor
  }
}

function partOf(whole: Fields, part: Fields): Fields {
  return Object.fromEntries(Object.keys(part).map((name) => [name, whole[name]]))
}
