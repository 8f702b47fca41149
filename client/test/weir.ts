import type { WeirError } from '@weir/proto'
import type { Fetch } from '../src/platform/fetch.ts'
import type { ConnectionState } from '../src/session/connection-state.ts'
import { jsonCodec } from '../src/session/json-codec.ts'
import { protobufCodec } from '../src/session/protobuf-codec.ts'
import type { OpenSocket } from '../src/session/socket.ts'
import type { Subscription } from '../src/subscription/subscription.ts'
import { SocketPool } from '../src/tabs/socket-pool.ts'
import { type ConnectOptions, openWeir, type Weir } from '../src/weir.ts'
import { FakeClock, settle } from './fake-clock.ts'
import { FakeHub } from './fake-hub.ts'

export interface TestWeir {
  readonly weir: Weir
  readonly hub: FakeHub
  readonly clock: FakeClock
  /** Every state that the connection had. */
  readonly states: ConnectionState[]
  /** As when a browser says that the network is back, or the page is seen again. */
  wake(): void
  /** As when a browser says that the page is seen, or hidden. */
  sight(isSeen: boolean): void
}

/** A client whose hub, clock and luck (always the longest wait) are the test's. */
export function testWeir(
  options: Partial<ConnectOptions> & { codec?: 'protobuf' | 'json'; clock?: FakeClock } = {},
  random: () => number = () => 1,
): TestWeir {
  const { clock = new FakeClock() } = options
  const hub = new FakeHub()
  const states: ConnectionState[] = []
  const watchers = new Set<() => void>()
  const sightWatchers = new Set<(isSeen: boolean) => void>()
  const fetch: Fetch = options.fetch ?? (() => Promise.reject(new Error('no network')))
  const byFunction = options.token === undefined ? { getToken: () => 'token' } : {}
  const weir = openWeir(
    { url: 'ws://hub.test', ...byFunction, windowBytes: 65_536, ...options },
    {
      openSocket: options.openSocket ?? hub.open,
      clock,
      random,
      fetch,
      onWake(action) {
        watchers.add(action)
        return () => watchers.delete(action)
      },
      onSight(action) {
        sightWatchers.add(action)
        return () => sightWatchers.delete(action)
      },
    },
    options.codec === 'json' ? jsonCodec : protobufCodec,
  )
  weir.connection.subscribe((state) => states.push(state))
  const wake = (): void => {
    for (const action of watchers) action()
  }
  const sight = (isSeen: boolean): void => {
    for (const action of sightWatchers) action(isSeen)
  }
  return { weir, hub, clock, states, wake, sight }
}

export interface TestTabs {
  readonly tabs: readonly TestWeir[]
  /** Of them all. */
  readonly hub: FakeHub
  readonly clock: FakeClock
}

/** What a tab of a test is opened with. */
export interface TestTabOptions extends Partial<ConnectOptions> {
  readonly codec?: 'protobuf' | 'json'
  /** What stands between the tab and the worker; nothing, unless it is given. */
  readonly through?: (open: OpenSocket) => OpenSocket
}

/** Clients in tabs of one origin, which have one socket to the hub. */
export function testTabs(options: readonly TestTabOptions[], random: () => number = () => 1): TestTabs {
  const clock = new FakeClock()
  const hub = new FakeHub()
  const { open } = new SocketPool(hub.open, clock)
  const tabs = options.map(({ through, ...each }) => {
    return testWeir({ ...each, clock, openSocket: through?.(open) ?? open }, random)
  })
  return { tabs, hub, clock }
}

/** Reads a subscription all the time, and keeps what came as short texts; states are left out. */
export class Reader {
  readonly seen: string[] = []
  readonly states: ConnectionState[] = []
  error: WeirError | undefined
  done = false

  constructor(subscription: Subscription) {
    void this.#read(subscription)
  }

  async #read(subscription: Subscription): Promise<void> {
    try {
      for await (const item of subscription) {
        if (item.type === 'state') this.states.push(item.state)
        else if (item.type === 'entry') this.seen.push(`${item.subject} ${item.seq}`)
        else if (item.type === 'removed') this.seen.push(`-${item.subject} ${item.seq}`)
        else if (item.type === 'gap') this.seen.push(`gap ${item.from} ${item.to} ${item.reason}`)
        else this.seen.push(item.type)
      }
    } catch (thrown) {
      this.error = thrown as WeirError
    }
    this.done = true
    await settle()
  }
}
